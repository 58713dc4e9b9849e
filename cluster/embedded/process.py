"""Starting programs as children that cannot outlive us, and that the terminal's Ctrl-C does not reach."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.embedded.account import Account
from cluster.embedded.errors import translated

_LAUNCHER = Path(__file__).with_name("launch.py")
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
_ROTATE_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 8 * 1024


@dataclass(frozen=True, slots=True)
class Log:
    """A program's output; the former file is kept once, with `.1` behind its name, when it grows large."""

    path: Path

    def open(self) -> int:
        """A descriptor to append to; the caller closes it."""
        with translated(self.path):
            if self.size() > _ROTATE_BYTES:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def size(self) -> int:
        """Bytes written so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, offset: int) -> str:
        """The last lines written after `offset` (from the whole file, if it was rotated meanwhile)."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            start = offset if offset <= self.size() else 0
            file.seek(max(start, self.size() - _TAIL_BYTES))
            return file.read().decode(errors="replace").strip()


async def spawn(
    command: Sequence[str],
    *,
    log: Log,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    inherited: Sequence[int] = (),
) -> Process:
    """Start a program in a session of its own, with its output going to `log`.

    Args:
        command: absolute path of the program, and its arguments.
        account: whom to run it as; None for the present account.
        death_signal: what the program gets should the calling thread die before it (Linux only).
        inherited: descriptors that the program keeps.
    """
    identity = "-" if account is None else f"{account.uid}:{account.gid}"
    launcher = (sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(int(death_signal)), identity)
    output = log.open()
    try:
        return await asyncio.create_subprocess_exec(
            *launcher,
            *command,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            pass_fds=tuple(inherited),
        )
    finally:
        os.close(output)


async def run(command: Sequence[str], *, log: Log, account: Account | None, timeout_seconds: float) -> int:
    """Run a program to its end and return its code; on time-out or cancellation it is killed.

    Raises:
        TimeoutError: It took longer.
    """
    process = await spawn(command, log=log, account=account)
    try:
        async with asyncio.timeout(timeout_seconds):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    """Little of ours: secrets stay here, and PGPORT and its like must not reach the server."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {"LC_ALL": "C", "TZ": "UTC"}


def describe_exit(code: int) -> str:
    """A return code of asyncio's processes in words."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
