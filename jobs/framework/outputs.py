"""Files that are there whole or not at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import orjson

from jobs.framework.errors import JobError
from jobs.framework.rows import Row

FORMATS = (".csv", ".jsonl", ".parquet")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield fresh
        with fresh.open("rb+") as written:
            os.fsync(written.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def write_json(path: Path, document: object) -> None:
    """A document in JSON, indented, with its keys sorted."""
    with replacing(path) as fresh:
        fresh.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def write_rows(path: Path, rows: Iterable[Row], columns: Sequence[str] | None = None) -> int:
    """Rows as CSV, JSON Lines or Parquet, by the suffix; how many there were.

    The columns are those of the first row where none are given. Lists are written as JSON into CSV.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    names = list(columns) if columns is not None else list(first or ())
    everything = remaining if first is None else chain([first], remaining)
    with replacing(path) as fresh:
        match path.suffix:
            case ".csv":
                return _csv(fresh, everything, names)
            case ".jsonl":
                return _json_lines(fresh, everything, names)
            case ".parquet":
                return _parquet(fresh, everything, names)
    raise JobError(f"Rows are written to {', '.join(FORMATS)}, not to {path.name}.")


def _csv(path: Path, rows: Iterable[Row], columns: list[str]) -> int:
    written = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row.get(column)) for column in columns])
            written += 1
    return written


def _cell(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def _json_lines(path: Path, rows: Iterable[Row], columns: list[str]) -> int:
    written = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps({column: row.get(column) for column in columns}) + b"\n")
            written += 1
    return written


def _parquet(path: Path, rows: Iterable[Row], columns: list[str]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([{column: row.get(column) for column in columns} for row in rows])
    pq.write_table(table, path)
    return int(table.num_rows)
