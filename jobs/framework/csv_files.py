"""Whether the rows of a CSV are whole. pandas cuts rows that are too long and fills those that are too short."""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO, cast

from jobs.framework.errors import UnusableData

csv.field_size_limit(sys.maxsize)  # else a long passage of a book is refused


def require_whole_rows(path: Path) -> None:
    """Raises `UnusableData` where a row has fewer fields than the first one names, or more. Rows without anything, and
    commas without anything behind them, do no harm."""
    with _opened(path) as file:
        rows = csv.reader(file)
        names = next((row for row in rows if _says_something(row)), [])
        most = len(names)
        fewest = max((place for place, name in enumerate(names, 1) if name.strip()), default=0)
        for row in rows:
            if fewest <= len(row) <= most:
                continue
            if _says_something(row[most:] if len(row) > most else row):
                raise UnusableData(
                    f"{path}, line {rows.line_num}: the row has {len(row)} fields, and the first names {most} columns. "
                    "A text with commas or line breaks in it stands in quotes."
                )


def _opened(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _says_something(fields: Iterable[str]) -> bool:
    return any(field.strip() for field in fields)
