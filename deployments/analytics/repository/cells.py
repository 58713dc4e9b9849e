"""The figures of scopes by window, as the aggregators' current generation has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from actors.analytics_aggregator.figures import SKETCHES, Grain
from deployments.analytics.cells import Cell, Subject, by_scope, by_start, merged
from deployments.analytics.metrics import SketchColumn
from deployments.analytics.windows import Granularity, Range
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "cells.sql")

GRAINS = {Granularity.MINUTE: Grain.MINUTE, Granularity.HOUR: Grain.HOUR, Granularity.DAY: Grain.DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS = datetime(2300, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Versions:
    """How far the figures are: their generation, and the advances of each partition of the log."""

    generation: int
    by_partition: Mapping[int, int]


class CellRepository:
    """Read-only. Windows without a cell had nothing happen in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin_snapshot(self) -> None:
        """Have all that follows in the transaction read one state. Must come before everything else."""
        await _queries.snapshot(self._connection)

    async def versions(self) -> Versions:
        """How far the figures are."""
        generation = await _queries.generation(self._connection)
        rows = _queries.versions(self._connection)
        return Versions(generation, {row["partition"]: row["version"] async for row in rows})

    async def totals(self, subject: Subject) -> tuple[Cell, dict[int, int]]:
        """The whole life of a scope, and the version at which each partition last changed it."""
        rows = [row async for row in _queries.totals(self._connection, **_named(subject))]
        return merged(rows), {row["partition"]: row["version"] for row in rows}

    async def windows(
        self, subject: Subject, span: Range, columns: Collection[SketchColumn] = ()
    ) -> dict[datetime, Cell]:
        """Cells by the beginning of their window."""
        rows = _queries.windows(self._connection, **_named(subject), **_within(span), **_wanted(columns))
        return by_start([row async for row in rows])

    async def windows_of_courses(
        self, org_id: UUID, ids: Sequence[UUID], span: Range, columns: Collection[SketchColumn] = ()
    ) -> dict[UUID, dict[datetime, Cell]]:
        """Cells by course and beginning of their window."""
        rows = await self._of_courses(org_id, ids, _within(span), columns)
        return {course_id: by_start(row for row in rows if row["scope_id"] == course_id) for course_id in ids}

    async def courses(
        self, org_id: UUID, ids: Sequence[UUID], span: Range | None, columns: Collection[SketchColumn] = ()
    ) -> dict[UUID, Cell]:
        """What each course had in a range of days, or in its whole life. Those without anything are absent."""
        return by_scope(await self._of_courses(org_id, ids, _within(span), columns))

    async def _of_courses(
        self, org_id: UUID, ids: Sequence[UUID], within: Mapping[str, Any], columns: Collection[SketchColumn]
    ) -> list[Mapping[str, Any]]:
        rows = _queries.windows_of_courses(self._connection, org_id=org_id, ids=list(ids), **within, **_wanted(columns))
        return [row async for row in rows]

    async def ranked_courses(self, org_id: UUID, counter: str, span: Range | None, limit: int) -> list[UUID]:
        """The organisation's courses with the most of a counter, in a range of days or ever."""
        rows = _queries.ranked_courses(self._connection, org_id=org_id, counter=counter, limit=limit, **_within(span))
        return [row["id"] async for row in rows]

    async def course_with_units(self, org_id: UUID, course_id: UUID) -> tuple[Cell, dict[UUID, Cell]]:
        """The whole life of a course, and of its units; units in which nothing happened are absent."""
        rows = _queries.course_with_units(self._connection, org_id=org_id, course_id=course_id)
        cells = by_scope([row async for row in rows])
        return cells.pop(course_id, Cell()), cells

    async def cohorts(self, subject: Subject, since: date, until: date) -> dict[date, dict[int, list[bytes]]]:
        """Sketches of learners by cohort and week, half-open in the cohorts."""
        rows = _queries.cohorts(self._connection, **_named(subject), since=since, until=until)
        found: dict[date, dict[int, list[bytes]]] = {}
        async for row in rows:
            found.setdefault(row["cohort"], {}).setdefault(row["week"], []).append(row["learners"])
        return found


def _named(subject: Subject) -> dict[str, Any]:
    return {"org_id": subject.org_id, "scope": int(subject.scope), "scope_id": subject.id}


def _within(span: Range | None) -> dict[str, Any]:
    if span is None:
        return {"grain": int(Grain.ALL), "since": _EPOCH, "until": _ALWAYS}
    return {"grain": int(GRAINS[span.granularity]), "since": span.start, "until": span.end}


def _wanted(columns: Collection[SketchColumn]) -> dict[str, bool]:
    return {column: column in columns for column in SKETCHES}
