"""The processes of one server: the one that was started and all that it forked."""

import asyncio
import fcntl
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from cluster.embedded.errors import StopFailedError, translated

_POLL_SECONDS = 0.01
_GRACE_SECONDS = 2.0  # for processes that are on their way out anyway
_ENDING_SECONDS = 4.0


class Family:
    """Knows whether any process of a server is alive, across restarts of server and supervisor.

    The server inherits a locked descriptor of `run_file`, and so does everything it forks. The kernel
    releases the lock when the last of them is gone: no pid is trusted, so none can be mistaken.

    Args:
        run_file: the file to lock; it also tells the main process's pid, for people.
        program: name of the server's executable.
        directory: the working directory that the server changes to.
    """

    def __init__(self, run_file: Path, *, program: str, directory: Path) -> None:
        self._run_file = run_file
        self._program = program
        self._directory = directory

    def alive(self) -> bool:
        """Whether any member is left."""
        descriptor = self._locked(fcntl.LOCK_SH)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    async def claim(self, stop_signal: signal.Signals) -> int:
        """End whoever is left of a former server; return the lock for its successor to inherit.

        Members that are leaving are waited for, the others get `stop_signal`, then SIGKILL. The caller
        closes the descriptor once the successor has it.

        Raises:
            StopFailedError: Some survive even SIGKILL (a process stuck in the kernel does).
        """
        if (descriptor := await self._claim_within(_GRACE_SECONDS)) is not None:
            return descriptor
        self._signal_roots(stop_signal)
        if (descriptor := await self._claim_within(_ENDING_SECONDS)) is not None:
            return descriptor
        self._kill_all()
        if (descriptor := await self._claim_within(_ENDING_SECONDS)) is not None:
            return descriptor
        pids = sorted(member.pid for member in self._members())
        raise StopFailedError(
            f"Processes {pids} of a former {self._program} do not end.",
            remedy="They wait for a device that does not answer: check the disk, or restart the machine.",
        )

    async def end(self, stop_signal: signal.Signals) -> None:
        """As `claim`, without a successor."""
        os.close(await self.claim(stop_signal))

    def record(self, pid: int) -> None:
        """Write the main process's pid into the run file."""
        with translated(self._run_file):
            self._run_file.write_text(f"{pid}\n")

    def _locked(self, operation: int) -> int | None:
        with translated(self._run_file):
            descriptor = os.open(self._run_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    async def _claim_within(self, seconds: float) -> int | None:
        deadline = time.monotonic() + seconds
        # Polled, for the lock is held by processes that cannot tell us.
        while (descriptor := self._locked(fcntl.LOCK_EX)) is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        return descriptor

    def _members(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if runs_in(process, self._program, self._directory)]

    def _signal_roots(self, stop_signal: signal.Signals) -> None:
        members = self._members()
        pids = {member.pid for member in members}
        for member in members:
            with suppress(psutil.NoSuchProcess):
                if member.ppid() not in pids:
                    member.send_signal(stop_signal)

    def _kill_all(self) -> None:
        for member in self._members():
            with suppress(psutil.NoSuchProcess):
                member.kill()


def runs_in(process: psutil.Process, program: str, directory: Path) -> bool:
    """Whether the process runs that program in that working directory; False where it cannot be seen."""
    try:
        return process.name() == program and process.cwd() == str(directory)
    except psutil.Error:
        return False
