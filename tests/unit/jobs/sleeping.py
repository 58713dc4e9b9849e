"""Work that tells of its process and sleeps, for a test that kills it: `python -m tests.unit.jobs.sleeping FOLDER`."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path

from jobs.framework.execution import Means, Where, work_through
from jobs.framework.rows import Row, Work, in_batches


def sleeper(folder: Path) -> Work:
    def work(rows: list[Row]) -> list[Row]:
        (folder / str(os.getpid())).touch()
        time.sleep(60)
        return rows

    return work


def main() -> None:
    batches = in_batches([{"number": number} for number in range(4)], 1)
    means = Means(where=Where.LOCAL, workers=2)
    list(work_through(batches, partial(sleeper, Path(sys.argv[1])), means, wants_gpu=False))


if __name__ == "__main__":
    main()
