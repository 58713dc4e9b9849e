"""What can go wrong while the embedded servers start, run or stop.

EmbeddedServerError
├── HomeInUseError          another process works on the same home
├── NotPermittedError       the operating system refuses access
├── DiskFullError           no room to start or to write
├── BinaryMissingError      the server's package is absent or unfit for this machine
├── SocketInUseError        a server that is not ours answers on our socket
├── IncompatibleDataError   the data on disk cannot be opened by this server
├── StartTimeoutError       the server is alive but not ready in time
├── StartFailedError        the server ended before it was ready
└── StopFailedError         processes of a former server do not go away
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import AzoraError


class EmbeddedServerError(AzoraError):
    """Base of the errors of the embedded servers.

    Attributes:
        message: what happened, in one sentence.
        remedy: what the person at the keyboard can do about it.
    """

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


class HomeInUseError(EmbeddedServerError):
    """Another process holds the home. `pid` is None where it could not be read."""

    def __init__(self, root: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"The home {root} is in use: `azora up` already runs there as {holder}.",
            remedy="Stop it with `azora down`, or set AZORA_HOME to another directory.",
        )
        self.pid = pid


class NotPermittedError(EmbeddedServerError):
    """The operating system refuses access to a file, a directory or an account."""


class DiskFullError(EmbeddedServerError):
    """There is no room to start, or to go on writing."""


class BinaryMissingError(EmbeddedServerError):
    """The program is not installed, or cannot run on this machine."""


class SocketInUseError(EmbeddedServerError):
    """A server that is not ours uses the socket or the data directory."""


class IncompatibleDataError(EmbeddedServerError):
    """The data on disk is missing, damaged, or was written by another major version."""


class StartTimeoutError(EmbeddedServerError):
    """The server is alive but did not become ready in time."""


class StartFailedError(EmbeddedServerError):
    """The server ended before it was ready."""


class StopFailedError(EmbeddedServerError):
    """Processes of a former server are still there after every attempt to end them."""


_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the OSErrors that a person can mend into ours; `path` is named where the error names none."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        if error.errno in _FULL:
            raise DiskFullError(f"The disk that holds {where} is full.", remedy="Free some space.") from error
        if error.errno in _REFUSED:
            raise NotPermittedError(
                f"{where} cannot be used: {error.strerror}.",
                remedy="Give your account access to it, or set AZORA_HOME to a directory of your own.",
            ) from error
        raise
