"""A job that is killed or stopped takes its worker processes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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


def command(folder: Path, at: str) -> list[str]:
    return [sys.executable, "-m", "tests.unit.jobs.sleeping", str(folder), at]


def workers(folder: Path) -> list[str]:
    assert eventually(lambda: len(list(folder.iterdir())) == 2)
    return [path.name for path in folder.iterdir()]


def test_no_worker_outlives_a_job_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path, "work"), cwd=ROOT) as job:
        started = workers(tmp_path)
        assert all(map(runs, started))
        job.kill()
    assert eventually(lambda: not any(map(runs, started)))


@pytest.mark.parametrize("at", ["loading", "work"])
def test_ctrl_c_is_for_the_job_which_stops_its_workers(tmp_path: Path, at: str) -> None:
    with subprocess.Popen(command(tmp_path, at), cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True) as job:
        started = workers(tmp_path)
        os.killpg(job.pid, signal.SIGINT)  # as a terminal does
        stopped = eventually(lambda: job.poll() is not None)
        job.kill()
        _, said = job.communicate()
    assert stopped
    assert said == b""
    assert job.returncode == 130
    assert not any(map(runs, started))
