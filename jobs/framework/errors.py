"""What can go wrong with a job, in words that say how to mend it.

JobError
├── MissingData       a folder or a file is not there
├── MissingColumns    a table lacks columns
├── UnusableData      a table holds what the job cannot work with
└── Busy              the same output is being written by another process

DataWarning           a table holds something odd that can be worked with
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import AzoraError


class JobError(AzoraError):
    """A job cannot go on, and a person can mend it."""

    type = "job"
    title = "The job cannot go on"


class MissingData(JobError):
    """A folder or a file is not there."""


class MissingColumns(JobError):
    """A table lacks columns that the job needs."""

    def __init__(self, path: Path, missing: Iterable[str], found: Iterable[str]) -> None:
        super().__init__(
            f"{path} lacks the columns {_quoted(sorted(missing))}. It has: {_quoted(found)}. "
            "docs/JOBS.md describes the folders that jobs read."
        )


class UnusableData(JobError):
    """A table holds what the job cannot work with."""


class Busy(JobError):
    """Another process is writing the same output."""


class DataWarning(UserWarning):
    """A table holds something odd that can be worked with. Within a run it is a warning of the run."""


@contextmanager
def naming(path: Path | None = None) -> Iterator[None]:
    """What the system refuses while the block lasts is a `JobError` that names the file: `path`, or else the one that
    the error names. Of no file, it stays what it is."""
    try:
        yield
    except OSError as error:
        file = path or error.filename
        if file is None:
            raise
        raise JobError(f"{file}: {error.strerror or error}.") from error


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
