"""What dead processes counted, kept in one file per kind instead of one per process that ever lived.

A counter must not go back when a process ends, so its file stays; on a machine where replicas come and go the files
would grow without end. They are folded into `<kind>_retired.<n>`, in steps that a crash may interrupt anywhere:

1. each dead file is renamed to `….into.<n+1>`;
2. `<kind>_retired.<n+1>` is written under another name and renamed into place: from here on it counts, and what was
   folded into it does not;
3. what no longer counts is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stores.metrics import files

KINDS = ("counter", "histogram")


class Retirement:
    """The retired figures of one directory; used by one process at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def retire(self, dead: Iterable[Path]) -> None:
        """Fold in the files of dead processes. Those that cannot be read stay as they are."""
        by_kind: dict[str, list[Path]] = {}
        for path in dead:
            _, unreadable = files.merged([path])
            if not unreadable:
                by_kind.setdefault(path.name.partition("_")[0], []).append(path)
        for kind, paths in by_kind.items():
            self._fold(kind, paths)

    def counting(self) -> list[Path]:
        """The files that count besides those of the living."""
        return [path for kind in KINDS for path in self._counting(kind)]

    def _fold(self, kind: str, paths: list[Path]) -> None:
        number = self._number(kind)
        for path in paths:
            path.rename(path.with_name(f"{path.name}.into.{number + 1}"))
        sources = self._counting(kind)
        metrics, _ = files.merged(sources, accumulate=False)
        new = self._directory / f"{kind}_retired.{number + 1}"
        scratch = self._directory / f"{kind}_retired.new"
        scratch.unlink(missing_ok=True)
        files.write(scratch, metrics)
        scratch.rename(new)
        for path in sources:
            path.unlink(missing_ok=True)

    def _counting(self, kind: str) -> list[Path]:
        number = self._number(kind)
        folding = self._directory.glob(f"{kind}_*.into.*")
        counting = [path for path in folding if int(path.suffix[1:]) > number]
        return [*counting, self._directory / f"{kind}_retired.{number}"] if number else counting

    def _number(self, kind: str) -> int:
        found = self._directory.glob(f"{kind}_retired.*")
        return max((int(path.suffix[1:]) for path in found if path.suffix[1:].isdigit()), default=0)
