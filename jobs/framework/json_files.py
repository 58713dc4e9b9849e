"""Rows in JSON: an array, an object that has one, or JSON Lines."""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import orjson

from jobs.framework.errors import UnusableData
from jobs.framework.rows import Row, column_key


def json_rows(path: Path, columns: Collection[str]) -> list[Row]:
    """The rows of an array, of JSON Lines, or of an object in which there is one array, or one with the table's name;
    or the object itself where it has the columns. Raises `UnusableData` and `ValueError`."""
    document = _document(path)
    rows = _rows_within(path, document, columns) if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnusableData(f"{path} must hold one array of objects.")
    return rows


def json_lines(path: Path) -> Iterator[Row]:
    """The objects of JSON Lines. Raises `UnusableData`."""
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as lines:
        for number, raw in enumerate(lines, 1):
            line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            if line.strip():
                yield _object(path, number, line)


def is_settings(path: Path, columns: Collection[str]) -> bool:
    """Whether it is JSON that is no table. What cannot be read is told by whoever reads it."""
    try:
        document = _document(path)
        rows = _rows_within(path, document, columns) if isinstance(document, dict) else document
    except (ValueError, OSError, EOFError, zlib.error, UnusableData):
        return False
    return not isinstance(rows, list) or (bool(rows) and not any(isinstance(row, dict) for row in rows))


def _document(path: Path) -> Any:
    """What the file holds; of JSON Lines a list."""
    content = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    content = content.removeprefix(codecs.BOM_UTF8).strip()
    try:
        return _loaded(content)
    except ValueError:
        first = content.partition(b"\n")[0].strip()
        if not (first.startswith(b"{") and first.endswith(b"}")):
            raise
        return list(json_lines(path))


def _rows_within(path: Path, document: dict[str, Any], columns: Collection[str]) -> list[Row] | None:
    keys = set(map(column_key, columns))
    own = [value for name, value in document.items() if column_key(name) in keys]
    if keys and len(own) >= len(keys) and not all(map(_is_rows, own)):
        if any(isinstance(value, dict) for value in own) or all(isinstance(value, list) for value in own):
            raise UnusableData(
                f"{path} is a table by columns. Write an array of rows, as pandas does with orient='records'."
            )
        return [document]
    arrays = {name: value for name, value in document.items() if _is_rows(value)}
    named = arrays.get(path.name.partition(".")[0])
    return named if named is not None or len(arrays) != 1 else next(iter(arrays.values()))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _object(path: Path, number: int, line: bytes) -> Row:
    try:
        row = _loaded(line)
    except ValueError as error:
        raise UnusableData(f"{path}, line {number}: {error}") from error
    if not isinstance(row, dict):
        raise UnusableData(f"{path}, line {number} is not an object.")
    return row


def _loaded(content: bytes) -> Any:
    """JSON, or what Python's own writer makes of it, which writes NaN for what is missing."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if b"NaN" not in content:
            raise
        return json.loads(content, parse_constant=_missing)


def _missing(constant: str) -> None:
    if constant != "NaN":
        raise ValueError(f"{constant} is no number.")
