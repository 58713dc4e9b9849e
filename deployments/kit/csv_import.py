"""CSV files that people import: read within bounds, checked as a whole, and answered row by row.

A file is either applied wholly or not at all. Rows are numbered as spreadsheets number them: the header is row 1.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field

from deployments.kit.errors import Invalid, UnsupportedMedia

MAXIMUM_ROWS = 50_000
MEDIA_TYPE = "text/csv"
_DELIMITERS = (",", ";", "\t")  # what spreadsheets write, by locale
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# For the route's `openapi_extra`: the body is read raw, so FastAPI cannot describe it.
BODY_DOCUMENTATION: dict[str, Any] = {
    "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string", "minLength": 1}}}}
}


class ImportRefused(Invalid):
    """Some rows break a rule; nothing was written. `errors` points at `/body/rows/<row>/<column>`."""

    type = "import-refused"
    title = "Some rows are not valid; nothing was imported"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its number in the file, and its cells by column, stripped. An absent cell is an empty string."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


class RowFault(BaseModel):
    """A rule that a row breaks; `column` is absent where the row as a whole does."""

    row: int
    column: str | None = None
    code: str
    message: str


class RowOutcome(BaseModel):
    """What became (or, in a dry run, would become) of one row."""

    row: int
    outcome: str
    id: UUID | None = Field(default=None, description="What the row made or met; absent in a dry run for new things")


class ImportReport(BaseModel):
    """The whole import, row by row."""

    dry_run: bool
    applied: bool = Field(description="Whether anything was written")
    rows: int = Field(description="How many rows the file has below its header")
    counts: dict[str, int] = Field(description="How many rows had each outcome; `invalid` among them")
    items: list[RowOutcome] = Field(description="The rows without a fault, in the order of the file")
    faults: list[RowFault] = Field(
        description="What is wrong, in the order of the file; only a dry run answers with any"
    )


@dataclass(slots=True)
class Faults:
    """Collects what is wrong with a file, so that the report names all of it at once."""

    found: list[RowFault] = field(default_factory=list)
    _rows: set[int] = field(default_factory=set)

    def add(self, row: Row, column: str | None, code: str, message: str) -> None:
        self.found.append(RowFault(row=row.number, column=column, code=code, message=message))
        self._rows.add(row.number)

    def __contains__(self, row: Row) -> bool:
        return row.number in self._rows

    def report(self, rows: Collection[Row], items: Iterable[RowOutcome], *, dry_run: bool) -> ImportReport:
        """The answer to the request. Raises `ImportRefused` where rows are at fault and it is no dry run."""
        faults = sorted(self.found, key=lambda fault: fault.row)
        if faults and not dry_run:
            raise ImportRefused([_problem(fault) for fault in faults])
        good = sorted(items, key=lambda item: item.row)
        counts = Counter(item.outcome for item in good)
        if self._rows:
            counts["invalid"] = len(self._rows)
        return ImportReport(
            dry_run=dry_run, applied=not dry_run, rows=len(rows), counts=dict(counts), items=good, faults=faults
        )

    def refuse(self) -> None:
        """Raises `ImportRefused` where anything was found."""
        if self.found:
            self.report((), (), dry_run=False)


def _problem(fault: RowFault) -> dict[str, Any]:
    pointer = f"/body/rows/{fault.row}" + (f"/{fault.column}" if fault.column else "")
    return {"pointer": pointer, "code": fault.code, "message": fault.message}


async def read_csv(request: Request, *, required: Collection[str], optional: Collection[str] = ()) -> list[Row]:
    """The rows of a `text/csv` body, its columns in any order.

    Raises `UnsupportedMedia`, and `Invalid` for what is no such table.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedMedia(f"The body must be {MEDIA_TYPE}")
    body = await request.body()
    # Parsing megabytes takes a while; the loop stays free for other requests.
    return await asyncio.to_thread(parse, body, required=required, optional=optional)


def parse(body: bytes, *, required: Collection[str], optional: Collection[str] = ()) -> list[Row]:
    """The rows of a CSV file (RFC 4180): UTF-8, or UTF-16 with its mark; comma, semicolon or tab between cells.

    Blank lines are skipped. Raises `Invalid` for unreadable text, columns that are unknown, missing or doubled, a file
    without rows or with more than `MAXIMUM_ROWS`, and rows with more cells than the header.
    """
    text = _decode(body)
    records = _records(text, _delimiter(text))
    header = [_column(name) for name in next(records, (0, []))[1]]
    _check_header(header, required, optional)
    rows = [_row(number, header, cells) for number, cells in records]
    if not rows:
        raise _unreadable("empty", "the file has no rows")
    return rows


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-16" if body.startswith(_UTF16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("encoding", "the file must be UTF-8") from None
    if "\0" in text:
        raise _unreadable("null_character", "the file must not hold null characters")
    return text


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if number > MAXIMUM_ROWS + 1:
                raise _unreadable("too_many_rows", f"at most {MAXIMUM_ROWS} rows in one file")
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise _unreadable("malformed", f"line {reader.line_num}: {error}") from None


def _column(name: str) -> str:
    return "_".join(name.lower().split())


def _check_header(header: list[str], required: Collection[str], optional: Collection[str]) -> None:
    known = [*required, *optional]
    if unknown := [name for name in header if name not in known]:
        raise _unreadable("unknown_column", f"unknown columns {unknown}; known are {sorted(known)}")
    if missing := [name for name in required if name not in header]:
        raise _unreadable("missing_column", f"missing columns {missing}")
    if len(set(header)) != len(header):
        raise _unreadable("doubled_column", "a column occurs twice")


def _row(number: int, header: list[str], cells: list[str]) -> Row:
    if any(cell.strip() for cell in cells[len(header) :]):
        raise _unreadable("too_many_cells", f"row {number} has more cells than the header")
    return Row(number, dict(zip(header, (cell.strip() for cell in cells), strict=False)))


def _unreadable(code: str, message: str) -> Invalid:
    return Invalid([{"pointer": "/body", "code": code, "message": message}])
