"""Texts in a folder and the folders within it: what a book or a course is written in."""

from __future__ import annotations

from pathlib import Path

from jobs.framework.errors import UnusableData
from jobs.framework.tables import is_hidden, require_folder

TEXT_SUFFIXES = (".md", ".markdown", ".txt")


def text_files(folder: Path) -> list[Path]:
    """Every text that is not hidden, in the order of the paths. The README of the folder itself is about it and no part
    of it, unless it is all there is; further down, a chapter may be written in one. Raises `MissingData` where there is
    no folder."""
    found = sorted(
        path
        for path in require_folder(folder).rglob("*")
        if path.suffix.lower() in TEXT_SUFFIXES and not is_hidden(path, folder) and path.is_file()
    )
    return [path for path in found if path.parent != folder or path.stem.lower() != "readme"] or found


def read_text(path: Path) -> str:
    """A text in UTF-8, without the mark that some editors begin one with. Raises `UnusableData`."""
    try:
        return path.read_text(encoding="utf-8-sig").replace("\0", "")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableData(f"{path} cannot be read: {error}") from error
