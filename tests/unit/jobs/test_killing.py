"""A job that is killed takes its worker processes with it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]


def eventually(holds: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.05)
    return True


def runs(pid: str) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_no_worker_outlives_a_job_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.jobs.sleeping", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT) as job:
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 2)
        workers = [path.name for path in tmp_path.iterdir()]
        assert all(map(runs, workers))
        job.kill()
    assert eventually(lambda: not any(map(runs, workers)))
