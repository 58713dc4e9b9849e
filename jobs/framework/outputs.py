"""Files that are there whole or not at all."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import IO, cast

import orjson

from jobs.framework.errors import JobError, naming
from jobs.framework.rows import Row

FORMATS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when the block ends without an error. Raises `JobError` where
    the system refuses it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
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


def rows_format(path: Path) -> str:
    """What rows are written as, by the suffix of the file: one of `FORMATS`, in small letters. Raises `JobError`."""
    name = path.name.lower()
    suffix = next((one for one in FORMATS if name.endswith(one)), None)
    if suffix is None:
        raise JobError(f"Rows are written to {', '.join(FORMATS)}, not to {path.name}.")
    return suffix


def write_rows(path: Path, rows: Iterable[Row], columns: Sequence[str] | None = None) -> int:
    """Rows as CSV, JSON Lines, an array in JSON or Parquet, by the suffix; how many there were.

    The columns are those of the first row where none are given. Lists are written as JSON into CSV. Raises `JobError`
    for another suffix, before anything is read or written.
    """
    form = rows_format(path)
    remaining = iter(rows)
    first = next(remaining, None)
    names = list(columns) if columns is not None else list(first or ())
    everything = remaining if first is None else chain([first], remaining)
    with replacing(path) as fresh:
        if form == ".parquet":
            return _parquet(fresh, everything, names)
        with fresh.open("wb") as plain:
            if not form.endswith(".gz"):
                return _written(form, plain, everything, names)
            # Neither a name nor a time: the same rows give the same file.
            with cast(IO[bytes], gzip.GzipFile(filename="", fileobj=plain, mode="wb", mtime=0)) as packed:
                return _written(form, packed, everything, names)


def _written(form: str, file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> int:
    match form.removesuffix(".gz"):
        case ".csv":
            return _csv(file, rows, columns)
        case ".json":
            return _json_array(file, rows, columns)
        case _:
            return _json_lines(file, rows, columns)


def _csv(file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> int:
    written = 0
    with TextIOWrapper(file, newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row.get(column)) for column in columns])
            written += 1
    return written


def _cell(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def _json_lines(file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> int:
    written = 0
    for row in rows:
        file.write(orjson.dumps({column: row.get(column) for column in columns}) + b"\n")
        written += 1
    return written


def _json_array(file: IO[bytes], rows: Iterable[Row], columns: list[str]) -> int:
    """A row to a line, so that it is read by people and compared by programs."""
    written = 0
    file.write(b"[")
    for row in rows:
        file.write((b",\n" if written else b"\n") + orjson.dumps({column: row.get(column) for column in columns}))
        written += 1
    file.write(b"\n]\n")
    return written


def _parquet(path: Path, rows: Iterable[Row], columns: list[str]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    every = list(rows)
    pq.write_table(pa.table({column: [row.get(column) for row in every] for column in columns}), path)
    return len(every)
