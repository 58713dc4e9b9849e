"""Taking sealed windows over into another generation of the figures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from actors.analytics_aggregator.figures import SKETCHES, Grain
from actors.analytics_aggregator.sketches import KINDS
from actors.analytics_aggregator.state import add_counters
from actors.analytics_aggregator.store import CELL, COHORT, DAY, columns
from stores.postgres import Connection, Database
from stores.queries import load_queries

_sealed = load_queries(__file__, "rebuild.sql")
_figures = load_queries(__file__)

_ROWS_AT_ONCE = 500


class Copying(NamedTuple):
    """From one generation to another, the windows that start before a Monday. `snapshot` is a connection in a
    transaction that sees one moment."""

    snapshot: Connection
    database: Database
    source: int
    target: int
    before: datetime


async def copy_sealed(copying: Copying) -> None:
    """Copy sealed windows, cohorts and learners' days. What a scope has over all time is the sum of its days."""
    day = copying.before.date()
    await _write(copying, "store_cells", CELL, _with_sums(_rows(copying, "sealed_cells", copying.before)))
    await _write(copying, "store_cohorts", COHORT, _as_they_are(_rows(copying, "sealed_cohorts", day)))
    await _write(copying, "add_days", DAY, _as_they_are(_rows(copying, "sealed_days", day)))


async def _rows(copying: Copying, query: str, before: date) -> AsyncIterator[Mapping[str, Any]]:
    # aiosql's own cursors begin a transaction, but this one runs already.
    sql = getattr(_sealed, query).sql
    async for row in copying.snapshot.cursor(sql, copying.source, before, prefetch=_ROWS_AT_ONCE):
        yield dict(row)


async def _write(copying: Copying, query: str, names: Sequence[str], rows: AsyncIterator[Sequence[object]]) -> None:
    # In short transactions of their own: a long one that writes holds up the log's readers.
    batch: list[Sequence[object]] = []

    async def flush() -> None:
        async with copying.database.transaction(None) as connection:
            await _figures.begin(connection)
            await getattr(_figures, query)(connection, generation=copying.target, **columns(names, batch))
        batch.clear()

    async for row in rows:
        batch.append(row)
        if len(batch) == _ROWS_AT_ONCE:
            await flush()
    if batch:
        await flush()


async def _as_they_are(rows: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[Sequence[object]]:
    async for row in rows:
        yield [_text(value) if isinstance(value, dict) else value for value in row.values()]


@dataclass(slots=True)
class _Sum:
    """The cells of a scope's days in one partition, added up."""

    version: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    parts: dict[str, list[bytes]] = field(default_factory=lambda: {name: [] for name in SKETCHES})

    def add(self, row: Mapping[str, Any]) -> None:
        self.version = max(self.version, row["version"])
        add_counters(self.counters, row["counters"])
        for name, parts in self.parts.items():
            if row[name] is not None:
                parts.append(row[name])

    def sketches(self) -> list[bytes | None]:
        return [
            KINDS[SKETCHES[name].kind].merged(parts).to_bytes() if parts else None for name, parts in self.parts.items()
        ]


_Scope = tuple[Any, ...]


async def _with_sums(rows: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[Sequence[object]]:
    """Cells, sorted by scope, as they are; after each scope's, the sums of its days."""
    scope: _Scope = ()
    sums: dict[int, _Sum] = {}
    async for row in rows:
        if (found := (row["org_id"], row["scope"], row["scope_id"])) != scope:
            for total in _totals(scope, sums):
                yield total
            scope, sums = found, {}
        if row["grain"] == Grain.DAY:
            sums.setdefault(row["partition"], _Sum()).add(row)
        yield [_text(value) if isinstance(value, dict) else value for value in row.values()]
    for total in _totals(scope, sums):
        yield total


def _totals(scope: _Scope, sums: Mapping[int, _Sum]) -> list[Sequence[object]]:
    return [
        (*scope, Grain.ALL, 0, partition, total.version, _text(total.counters), *total.sketches())
        for partition, total in sums.items()
    ]


def _text(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
