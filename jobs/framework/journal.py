"""What a run has done so far, on disk, so that one that was killed goes on where it was.

Beside the output FILE lies the folder FILE.partial: `run.json` with the fingerprint of the run, and one file of rows
for each finished batch. A batch file appears by a rename, whole or not at all, so a batch counts once however often
it was begun. Another fingerprint (other data, options or version) starts afresh.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from jobs.framework.errors import Busy
from jobs.framework.outputs import replacing, write_json
from jobs.framework.rows import Row


class Journal:
    """The finished batches of one run. One process holds it at a time; a second raises `Busy`."""

    def __init__(self, out: Path, fingerprint: str) -> None:
        self._folder = out.with_name(f"{out.name}.partial")
        self._fingerprint = fingerprint
        self._lock: int | None = None

    def open(self, afresh: bool = False) -> None:
        """Take the journal; forget what another kind of run, or any run with `afresh`, has left."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise Busy(f"Another process is writing to {self._folder}.") from None
        if afresh or self._written_by() != self._fingerprint:
            for left in self._folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        write_json(self._folder / "run.json", {"fingerprint": self._fingerprint})

    def release(self) -> None:
        """Let go of it; what is finished stays."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove(self) -> None:
        """The output is written: nothing needs to be kept."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.release()

    def finished(self, stage: str) -> set[int]:
        """The batches of a stage that are done."""
        return {int(path.stem) for path in self._stage(stage).glob("*.jsonl")}

    def put(self, stage: str, index: int, rows: Sequence[Row]) -> None:
        """A batch is done, with these rows."""
        self._stage(stage).mkdir(exist_ok=True)
        with replacing(self._stage(stage) / f"{index:09}.jsonl") as fresh:
            fresh.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))

    def rows(self, stage: str) -> Iterator[Row]:
        """All rows of a stage in the order of its batches."""
        for path in sorted(self._stage(stage).glob("*.jsonl")):
            with path.open("rb") as file:
                yield from map(orjson.loads, file)

    def _stage(self, stage: str) -> Path:
        return self._folder / stage

    def _written_by(self) -> str | None:
        try:
            return str(orjson.loads((self._folder / "run.json").read_bytes())["fingerprint"])
        except (FileNotFoundError, orjson.JSONDecodeError, KeyError):
            return None
