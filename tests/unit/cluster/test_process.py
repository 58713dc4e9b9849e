import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from cluster.embedded import process
from cluster.embedded.process import Log, describe_exit, run, spawn
from tests.patience import PATIENCE_SECONDS


async def test_output_goes_to_the_log_and_secrets_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZORA_SECRET", "hidden")
    monkeypatch.setenv("PGPORT", "6543")
    log = Log(tmp_path / "log")
    assert await run(("/usr/bin/env",), log=log, account=None, timeout_seconds=10) == 0
    assert "LC_ALL=C" in log.since(0)
    assert "hidden" not in log.since(0)
    assert "PGPORT" not in log.since(0)


async def test_a_program_that_cannot_run_says_why(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    assert await run(("/nonexistent/x",), log=log, account=None, timeout_seconds=10) == 1
    assert log.since(0) == "launch: cannot run /nonexistent/x as -: No such file or directory"


async def test_a_program_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await run(("/bin/sleep", "60"), log=Log(tmp_path / "log"), account=None, timeout_seconds=0.2)


async def test_a_child_has_a_session_of_its_own_and_python_s_ignored_signals_do_not_reach_it(tmp_path: Path) -> None:
    script = "import signal, sys; sys.exit(signal.getsignal(signal.SIGTERM) != signal.SIG_DFL)"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        child = await spawn((sys.executable, "-c", script), log=Log(tmp_path / "log"))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert os.getsid(child.pid) == child.pid
    assert await asyncio.wait_for(child.wait(), PATIENCE_SECONDS) == 0


def test_launching_for_a_parent_that_is_gone() -> None:
    launcher = Path(process.__file__).with_name("launch.py")
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, str(launcher), "1", "9", "-", "/bin/true"])
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1


def test_a_large_log_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path / "log")
    assert (log.size(), log.since(0)) == (0, "")
    log.path.write_text("old lines")
    offset = log.size()
    monkeypatch.setattr(process, "_ROTATE_BYTES", 5)
    descriptor = log.open()
    os.write(descriptor, b"new")
    os.close(descriptor)
    assert (tmp_path / "log.1").read_text() == "old lines"
    assert log.since(offset) == "new"
    assert log.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("code", "words"), [(1, "ended with code 1"), (-9, "was ended by SIGKILL"), (-99, "was ended by signal 99")]
)
def test_exits_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words
