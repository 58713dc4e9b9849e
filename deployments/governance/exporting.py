"""Entries as files: JSON lines, from which the chain can be verified, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Literal

import orjson

from deployments.governance.repository.entries import End, Entry

Format = Literal["jsonl", "csv"]
MEDIA_TYPES: dict[Format, str] = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
_FIELDS = ("action", "source", "outcome", "actor", "role", "subject", "trace")
_COLUMNS = ("number", "recorded_at", *_FIELDS, "details", "hash")


def header(form: Format) -> bytes:
    """What comes before the entries."""
    return _csv([_COLUMNS]) if form == "csv" else b""


def lines(form: Format, entries: Sequence[Entry]) -> bytes:
    """Some entries. In JSON lines `body` is the very text that was hashed."""
    if form == "csv":
        return _csv([_row(entry) for entry in entries])
    return b"".join(
        orjson.dumps(
            {"number": e.number, "recorded_at": e.recorded_at, "body": e.body, "hash": e.hash.hex()},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for e in entries
    )


def footer(form: Format, end: End) -> bytes:
    """What comes after them: the end of the chain, signed."""
    if form == "csv":
        return b""
    head = {"number": end.number, "hash": end.hash.hex(), "token": end.token}
    return orjson.dumps({"head": head}, option=orjson.OPT_APPEND_NEWLINE)


def _row(entry: Entry) -> list[object]:
    said = entry.fields
    details = orjson.dumps(said["details"], option=orjson.OPT_SORT_KEYS).decode()
    named = [_cell(said[name]) for name in _FIELDS]
    return [entry.number, entry.recorded_at.isoformat(), *named, details, entry.hash.hex()]


def _cell(value: object) -> object:
    """A spreadsheet takes a text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
