"""Tables as files, and which format an `Accept` header wants."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.analytics.endpoints.common import Format, accepted
from deployments.analytics.tables import Table, to_csv, to_parquet

COLUMNS = {
    "time": "time", "date": "date", "text": "text", "integer": "integer", "money": "money", "cost": "cost",
    "percent": "percent", "number": "number",
}  # fmt: skip
ROW = [
    datetime(2026, 11, 23, 9, tzinfo=UTC), date(2026, 11, 23), "a,b", -3, Decimal("1.50"), Decimal("0.000001"),
    Decimal("87.5"), 1.25,
]  # fmt: skip


def test_parquet_keeps_types() -> None:
    table = Table("t", COLUMNS, [ROW, [None] * len(ROW)])  # type: ignore[arg-type]
    read = pyarrow.parquet.read_table(io.BytesIO(to_parquet(table)))
    first, second = read.to_pylist()
    assert list(first.values()) == ROW
    assert set(second.values()) == {None}
    assert pyarrow.parquet.read_table(io.BytesIO(to_parquet(Table("t", COLUMNS, [])))).num_rows == 0  # type: ignore[arg-type]


def test_csv_is_what_spreadsheets_read() -> None:
    written = to_csv(Table("t", COLUMNS, [ROW])).decode()  # type: ignore[arg-type]
    assert written.splitlines()[1] == '2026-11-23T09:00:00Z,2026-11-23,"a,b",-3,1.50,0.000001,87.5,1.25'
    assert written.endswith("\r\n")


@given(st.text(alphabet="=+-@\t\r\n'\"a, \uff1d", max_size=8))
def test_no_text_is_a_formula(text: str) -> None:
    written = to_csv(Table("t", {"x": "text"}, [[text]])).decode()
    (cell,) = list(csv.reader(io.StringIO(written, newline="")))[1] or [""]
    assert cell in (text, f"'{text}")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", Format.JSON), ("*/*", Format.JSON), ("text/csv", Format.CSV), ("TEXT/CSV; charset=utf-8", Format.CSV),
        ("application/vnd.apache.parquet", Format.PARQUET), ("text/csv;q=0.5, application/json", Format.JSON),
        ("text/csv;q=0.9, application/json;q=0.5", Format.CSV), ("text/csv;q=0", Format.JSON),
        ("text/csv;q=x", Format.JSON), ("nonsense", Format.JSON),
    ],
)  # fmt: skip
def test_accept(header: str, wanted: Format) -> None:
    assert accepted(header) is wanted
