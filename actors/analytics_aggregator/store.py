"""Where the figures are kept: cells that are read, added to and written back, those in use remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import orjson

from actors.analytics_aggregator import windows
from actors.analytics_aggregator.figures import SKETCHES, Scope
from actors.analytics_aggregator.hot import Hot
from actors.analytics_aggregator.sketches import KINDS, Distinct, Group, Quantiles
from actors.analytics_aggregator.state import CellKey, CohortKey, Delta, Deltas, Horizon, add_counters, hexadecimal
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)

# The parameters of the statements that write rows.
CELL_KEY = ("org_ids", "scopes", "scope_ids", "grains", "starts", "partitions")
CELL = (*CELL_KEY, "versions", "counters", *SKETCHES)
COHORT_KEY = ("org_ids", "scopes", "scope_ids", "cohorts", "weeks", "partitions")
COHORT = (*COHORT_KEY, "versions", "learners")
DAY = ("org_ids", "learners", "days", "partitions", "versions", "minutes")
_KINDS = [(name, KINDS[sketch.kind]) for name, sketch in SKETCHES.items()]


class Generation(NamedTuple):
    """Which figures to write to, and which fine windows there are."""

    number: int
    horizon: Horizon


class Part(NamedTuple):
    """What a partition's events add, and the version its figures have afterwards."""

    partition: int
    version: int
    deltas: Deltas


@dataclass(slots=True)
class Cell:
    """The figures of one window. Sketches that hold nothing are None."""

    counters: dict[str, int] = field(default_factory=dict)
    learners: Distinct | None = None
    scores: Quantiles | None = None
    durations: Quantiles | None = None
    scorers: Group | None = None
    finishers: Group | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From a row of `analytics_cells`."""
        stored = ((name, kind, row[name]) for name, kind in _KINDS)
        sketches: dict[str, Any] = {name: kind.from_bytes(data) for name, kind, data in stored if data is not None}
        return cls(row["counters"], **sketches)

    def add(self, delta: Delta) -> None:
        """Take in what the window gained."""
        add_counters(self.counters, delta.counters)
        if delta.learners:
            self.learners = self.learners or Distinct()
            self.learners.update(delta.learners)
        if delta.scores:
            self.scores = self.scores or Quantiles()
            self.scores.update(delta.scores)
        if delta.durations:
            self.durations = self.durations or Quantiles()
            self.durations.update(delta.durations)
        if delta.scorers:
            self.scorers = self.scorers or Group()
            self.scorers.update(delta.scorers)
        if delta.finishers:
            self.finishers = self.finishers or Group()
            self.finishers.update(delta.finishers)


class FigureStore:
    """Adds to the tables of figures, in the caller's transaction. Only one may write to a partition at a time.

    Remembers at most `capacity` cells, of 1 to 12 KiB each, twice as much while their groups fill up, and as many weeks
    of cohorts.
    """

    def __init__(self, capacity: int) -> None:
        self._cells: Hot[CellKey, Cell] = Hot(capacity)
        self._cohorts: Hot[CohortKey, Distinct] = Hot(capacity)
        self._generation = 0

    def forget(self, partitions: Collection[int]) -> None:
        """Drop what is remembered of partitions."""
        self._cells.forget(partitions)
        self._cohorts.forget(partitions)

    async def add(self, connection: Connection, generation: Generation, parts: Collection[Part]) -> None:
        """Add what partitions gained to a generation of the figures."""
        if generation.number != self._generation:
            self._cells.clear()
            self._cohorts.clear()
            self._generation = generation.number
        await self._add_cells(connection, generation, parts)
        await self._add_cohorts(connection, parts)
        await self._add_days(connection, parts)

    async def _add_cells(self, connection: Connection, generation: Generation, parts: Collection[Part]) -> None:
        gains = [(part, key, delta) for part in parts for key, delta in part.deltas.cells(generation.horizon)]
        cells = [self._cells.take(part.partition, key) for part, key, _ in gains]
        await self._load_cells(connection, gains, cells)
        rows = []
        for (part, key, delta), found in zip(gains, cells, strict=True):
            cell = found or Cell()
            cell.add(delta)
            self._cells.put(part.partition, key, cell)
            rows.append((*_scope(key), key.grain, key.start, part.partition, part.version, *_changed(cell)))
        self._cells.trim()
        await _queries.store_cells(connection, generation=self._generation, **columns(CELL, rows))

    async def _load_cells(
        self, connection: Connection, gains: list[tuple[Part, CellKey, Delta]], cells: list[Cell | None]
    ) -> None:
        """Fill in those of `cells` that are stored."""
        wanted = [place for place, cell in enumerate(cells) if cell is None]
        if not wanted:
            return
        keys = [
            (*_scope(key), key.grain, key.start, part.partition) for part, key, _ in (gains[place] for place in wanted)
        ]
        rows = _queries.load_cells(connection, generation=self._generation, **columns(CELL_KEY, keys))
        async for row in rows:
            cells[wanted[row["place"] - 1]] = Cell.from_row(row)

    async def _add_cohorts(self, connection: Connection, parts: Collection[Part]) -> None:
        gains = [(part, key, members) for part in parts for key, members in part.deltas.cohorts.items()]
        found = [self._cohorts.take(part.partition, key) for part, key, _ in gains]
        await self._load_cohorts(connection, gains, found)
        rows = []
        for (part, key, members), stored in zip(gains, found, strict=True):
            learners = stored or Distinct()
            learners.update(members)
            self._cohorts.put(part.partition, key, learners)
            if (changed := learners.take_changed()) is not None:
                rows.append((*_stored(key), part.partition, part.version, changed))
        self._cohorts.trim()
        if rows:
            await _queries.store_cohorts(connection, generation=self._generation, **columns(COHORT, rows))

    async def _load_cohorts(
        self,
        connection: Connection,
        gains: list[tuple[Part, CohortKey, set[int]]],
        found: list[Distinct | None],
    ) -> None:
        """Fill in those that are stored."""
        wanted = [place for place, learners in enumerate(found) if learners is None]
        if not wanted:
            return
        keys = [(*_stored(gains[place][1]), gains[place][0].partition) for place in wanted]
        rows = _queries.load_cohorts(connection, generation=self._generation, **columns(COHORT_KEY, keys))
        async for row in rows:
            found[wanted[row["place"] - 1]] = Distinct.from_bytes(row["learners"])

    async def _add_days(self, connection: Connection, parts: Collection[Part]) -> None:
        # Added up by the database: learners are too many to remember what each has.
        rows = [
            (
                hexadecimal(key.org_id),
                key.pseudonym.hex(),
                windows.day_of(key.start),
                part.partition,
                part.version,
                _json(minutes),
            )
            for part in parts
            for key, minutes in part.deltas.days.items()
        ]
        if rows:
            await _queries.add_days(connection, generation=self._generation, **columns(DAY, rows))


def columns(names: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, Sequence[object]]:
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())


def _changed(cell: Cell) -> tuple[object, ...]:
    sketches = (cell.learners, cell.scores, cell.durations, cell.scorers, cell.finishers)
    counters = _json({name: amount for name, amount in cell.counters.items() if amount})
    return (counters, *(sketch and sketch.take_changed() for sketch in sketches))


def _stored(key: CohortKey) -> tuple[object, ...]:
    return (*_scope(key), windows.day_of(key.cohort), key.week)


def _scope(key: CellKey | CohortKey) -> tuple[str, Scope, str]:
    return hexadecimal(key.org_id), key.scope, hexadecimal(key.scope_id)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
