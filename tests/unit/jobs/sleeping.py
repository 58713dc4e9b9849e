"""Work that tells of its process and sleeps, for tests that stop it: `python -m tests.unit.jobs.sleeping FOLDER AT`.

It sleeps at `loading` or at `work`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from jobs.framework.execution import Means, Where, work_through
from jobs.framework.rows import Row, Work, in_batches


def sleep(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def sleeper(folder: Path, at: str) -> Work:
    def work(rows: list[Row]) -> list[Row]:
        sleep(folder)
        return rows

    if at == "loading":
        sleep(folder)
    return work


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts behind it
    batches = in_batches([{"number": number} for number in range(4)], 1)
    means = Means(where=Where.LOCAL, workers=2)
    try:
        list(work_through(batches, partial(sleeper, Path(sys.argv[1]), sys.argv[2]), means, wants_gpu=False))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
