"""From a server's last words, or the state of the disk, to an error with a remedy."""

import re
import shutil
from pathlib import Path

from cluster.embedded.errors import (
    BinaryMissingError,
    DiskFullError,
    EmbeddedServerError,
    IncompatibleDataError,
    NotPermittedError,
    SocketInUseError,
    StartFailedError,
)

_MIB = 1024 * 1024
_SHOWN_LINES = 12

_KNOWN: tuple[tuple[str, type[EmbeddedServerError], str, str], ...] = (
    (r"No space left on device|Disk quota exceeded", DiskFullError, "the disk is full", "Free some space."),
    (
        r"Permission denied|Operation not permitted|wrong ownership|has invalid permissions|launch: cannot run",
        NotPermittedError,
        "the operating system refused access",
        "Give the account that runs the server access to the home, or set AZORA_HOME to another directory.",
    ),
    (
        r"Address already in use|lock file .* already exists|Is another postmaster",
        SocketInUseError,
        "another server uses its socket or data",
        "Stop that server, or set AZORA_HOME to another directory.",
    ),
    (
        r"database files are incompatible|Bad file format reading the append only|Can't handle RDB format"
        r"|Unexpected end of file reading the append only|could not locate a valid checkpoint",
        IncompatibleDataError,
        "its data cannot be read",
        "Restore the home from a backup, or move it away to start with an empty one.",
    ),
    (
        r"Cannot allocate memory|could not map anonymous shared memory|could not resize shared memory",
        StartFailedError,
        "there is not enough memory",
        "Close other programs, or give the container more memory.",
    ),
    (
        r"error while loading shared libraries|Exec format error|version `GLIBC",
        BinaryMissingError,
        "the program does not run on this machine",
        "Point AZORA_DATABASE_URL and AZORA_VALKEY_URL to servers of your own.",
    ),
)


def explain(service: str, outcome: str, log_tail: str, log: Path) -> EmbeddedServerError:
    """The error for a program that ended when it should not have.

    Args:
        service: its name.
        outcome: how it ended, as in "ended with code 1".
        log_tail: what it wrote last.
        log: where to read the rest.
    """
    for pattern, kind, cause, remedy in _KNOWN:
        if found := re.search(f".*(?:{pattern}).*", log_tail):
            return kind(f"{service} {outcome}: {cause} ({found[0].strip()}).", remedy=remedy)
    tail = "\n".join(log_tail.splitlines()[-_SHOWN_LINES:]) or "(it wrote nothing)"
    return StartFailedError(f"{service} {outcome}. Its last words:\n{tail}\n", remedy=f"Read {log} for the rest.")


def require_space(directory: Path, needed_bytes: int) -> None:
    """Raise DiskFullError unless the disk of `directory` has that many bytes to spare."""
    free = shutil.disk_usage(directory).free
    if free < needed_bytes:
        raise DiskFullError(
            f"Only {free // _MIB} MiB are free on the disk that holds {directory}; "
            f"at least {needed_bytes // _MIB} MiB are needed.",
            remedy="Free some space, or set AZORA_HOME to a directory on another disk.",
        )
