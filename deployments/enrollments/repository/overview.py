"""Enrolments as they are shown, and a course in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "overview.sql")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFigures:
    """How many learners have a score for a unit, the mean of those, and how much of it waits for a grade."""

    learners_scored: int
    mean_score: Decimal | None
    submissions_ungraded: int


class OverviewRepository:
    """Read-only. A `Row` has the columns of `enrollment_views`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def view(self, enrollment_id: UUID) -> Row | None:
        row: Row | None = await _queries.view(self._connection, enrollment_id=enrollment_id)
        return row

    async def own(
        self, user_id: UUID, *, status: str | None, course_id: UUID | None, before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Row]:  # fmt: skip
        before_at, before_id = before or (None, None)
        rows = _queries.own(
            self._connection, user_id=user_id, status=status, course_id=course_id,
            before_at=before_at, before_id=before_id, limit=limit,
        )  # fmt: skip
        return [row async for row in rows]

    async def of_course(
        self, course_id: UUID, *, status: str | None, user_id: UUID | None, after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Row]:  # fmt: skip
        after_at, after_id = after or (None, None)
        rows = _queries.of_course(
            self._connection, course_id=course_id, status=status, user_id=user_id,
            after_at=after_at, after_id=after_id, limit=limit,
        )  # fmt: skip
        return [row async for row in rows]

    async def figures(self, course_id: UUID) -> Row:
        row: Row = await _queries.figures(self._connection, course_id=course_id)
        return row

    async def unit_figures(self, course_id: UUID) -> dict[UUID, UnitFigures]:
        """By unit; units without a score and without work to grade are absent."""
        rows = _queries.unit_figures(self._connection, course_id=course_id)
        return {
            row["unit_id"]: UnitFigures(
                learners_scored=row["learners_scored"],
                mean_score=row["mean_score"],
                submissions_ungraded=row["submissions_ungraded"],
            )
            async for row in rows
        }
