"""Flat tables out of documents, as CSV (RFC 4180) and Parquet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from deployments.analytics import metrics
from deployments.analytics.schemas import CohortsView, GroupedTrendView, Series, TopView, TrendView

if TYPE_CHECKING:
    import pyarrow

ColumnKind = Literal["time", "date", "text", "integer", "money", "cost", "percent", "number"]
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_KINDS: Mapping[str, ColumnKind] = {
    "count": "integer", "money": "money", "cost": "cost", "percent": "percent", "mean": "percent", "days": "number",
}  # fmt: skip
_METRICS = metrics.named((*metrics.TOTALS, *metrics.TRENDS, *metrics.LEARNER))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. A withheld figure is an empty cell, and `suppressed` names it."""

    name: str
    columns: Mapping[str, ColumnKind]
    rows: Sequence[Sequence[Any]]


def of_trend(view: TrendView) -> Table:
    """A row for each window."""
    columns: dict[str, ColumnKind] = {"start": "time", **_metric_columns(view.values), "suppressed": "text"}
    return Table("trend", columns, list(_windows(view.times, view)))


def of_grouped_trend(view: GroupedTrendView) -> Table:
    """A row for each course and window."""
    measured = _metric_columns(view.groups[0].values) if view.groups else {}
    columns: dict[str, ColumnKind] = {
        "course_id": "text", "title": "text", "start": "time", **measured, "suppressed": "text",
    }  # fmt: skip
    rows = [[str(group.course_id), group.title, *row] for group in view.groups for row in _windows(view.times, group)]
    return Table("trends", columns, rows)


def of_top(view: TopView) -> Table:
    """A row for each course, the first one first."""
    columns: dict[str, ColumnKind] = {"course_id": "text", "title": "text", view.by: _KINDS[_METRICS[view.by].kind]}
    return Table("top", columns, [[str(item.course_id), item.title, item.value] for item in view.items])


def of_cohorts(view: CohortsView) -> Table:
    """A row for each cohort and week."""
    columns: dict[str, ColumnKind] = {
        "cohort": "date", "size": "integer", "week": "integer", "active": "integer", "retention": "percent",
        "suppressed": "text",
    }  # fmt: skip
    rows = [
        [one.cohort, one.size, week, active, share, "active" if f"active.{week}" in one.suppressed else ""]
        for one in view.cohorts
        for week, (active, share) in enumerate(zip(one.active, one.retention, strict=True))
    ]
    return Table("cohorts", columns, rows)


def _metric_columns(names: Iterable[str]) -> dict[str, ColumnKind]:
    return {name: _KINDS[_METRICS[name].kind] for name in names}


def _windows(times: Sequence[datetime], series: Series) -> Iterable[list[Any]]:
    withheld = {name: set(places) for name, places in series.suppressed.items()}
    for place, start in enumerate(times):
        names = " ".join(name for name, places in withheld.items() if place in places)
        yield [start, *(values[place] for values in series.values.values()), names]


def to_csv(table: Table) -> bytes:
    """UTF-8 with CRLF. Texts that a spreadsheet would take for a formula begin with an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    kinds = list(table.columns.values())
    for row in table.rows:
        writer.writerow([_cell(kind, value) for kind, value in zip(kinds, row, strict=True)])
    return out.getvalue().encode()


def _cell(kind: ColumnKind, value: Any) -> Any:
    if value is None:
        return ""
    if kind == "time":
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if kind == "text" and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def to_parquet(table: Table) -> bytes:
    """One file with a column for each of the table's, typed. Slow to begin with: call it in a thread."""
    import pyarrow
    from pyarrow import parquet

    columns = [
        pyarrow.array([_typed(kind, row[place]) for row in table.rows], _arrow(kind))
        for place, kind in enumerate(table.columns.values())
    ]
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.Table.from_arrays(columns, names=list(table.columns)), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _arrow(kind: ColumnKind) -> pyarrow.DataType:
    import pyarrow

    types: Mapping[ColumnKind, pyarrow.DataType] = {
        "time": pyarrow.timestamp("us", tz="UTC"),
        "date": pyarrow.date32(),
        "text": pyarrow.string(),
        "integer": pyarrow.int64(),
        "money": pyarrow.decimal128(20, 2),
        "cost": pyarrow.decimal128(20, 6),
        "percent": pyarrow.decimal128(9, 4),
        "number": pyarrow.float64(),
    }
    return types[kind]


def _typed(kind: ColumnKind, value: Any) -> Any:
    if value is None or kind not in ("money", "cost", "percent"):
        return value
    return Decimal(value)
