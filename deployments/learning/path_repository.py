"""What a path is planned from, of one enrolment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from deployments.learning.repository import Row
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "paths.sql")
_MOST_REVIEWS = 500


@dataclass(frozen=True, kw_only=True)
class Goals(Row):
    """Skills that a learner wants, and how long they sit down for."""

    skill_ids: list[UUID]
    minutes: int
    set_at: datetime


class PathRepository:
    def __init__(self, connection: Connection, enrollment_id: UUID) -> None:
        self._connection = connection
        self._enrollment_id = enrollment_id

    async def completed(self) -> dict[str, datetime]:
        """When each unit that is complete was completed."""
        rows = _queries.progress(self._connection, enrollment_id=self._enrollment_id)
        return {str(row["unit_id"]): row["completed_at"] async for row in rows}

    async def reviews(self) -> list[dict[str, Any]]:
        """`unit_id`, `at`, and `share` of a quiz or `rating`; the latest of them, in the order of time."""
        rows = _queries.reviews(self._connection, enrollment_id=self._enrollment_id, limit=_MOST_REVIEWS)
        return [dict(row) async for row in rows][::-1]

    async def attempts_used(self) -> dict[str, int]:
        """By quiz."""
        rows = _queries.attempts_used(self._connection, enrollment_id=self._enrollment_id)
        return {str(row["unit_id"]): row["used"] async for row in rows}

    async def awaiting_grades(self) -> set[str]:
        """Assignments that were handed in and wait for a grade."""
        rows = _queries.awaiting_grades(self._connection, enrollment_id=self._enrollment_id)
        return {str(row["unit_id"]) async for row in rows}

    async def goals(self) -> Goals | None:
        row = await _queries.goals(self._connection, enrollment_id=self._enrollment_id)
        return Goals.from_row(row) if row else None

    async def hold_person(self, user_id: UUID) -> bool:
        """Keep an erasure waiting until the transaction ends; false where it has been."""
        return bool(await _queries.hold_person(self._connection, user_id=user_id))

    async def set_goals(
        self, *, org_id: UUID, user_id: UUID, course_id: UUID, skill_ids: list[UUID], minutes: int
    ) -> Goals:
        return Goals.from_row(
            await _queries.set_goals(
                self._connection, enrollment_id=self._enrollment_id, org_id=org_id, user_id=user_id,
                course_id=course_id, skill_ids=skill_ids, minutes=minutes,
            )
        )  # fmt: skip

    async def note_advice(
        self, *, org_id: UUID, user_id: UUID, course_id: UUID, minutes: int, minutes_back: int
    ) -> None:
        """Keep how much of the time goes back to what was done before: what advice is measured by."""
        await _queries.note_advice(
            self._connection, enrollment_id=self._enrollment_id, org_id=org_id, user_id=user_id, course_id=course_id,
            minutes=minutes, minutes_back=minutes_back,
        )  # fmt: skip

    async def add_review(self, *, org_id: UUID, user_id: UUID, unit_id: UUID, rating: str) -> UUID:
        id = new_id()
        await _queries.add_review(
            self._connection, id=id, org_id=org_id, enrollment_id=self._enrollment_id, user_id=user_id,
            unit_id=unit_id, rating=rating,
        )  # fmt: skip
        return id

    async def content(self, version_id: UUID) -> dict[str, Any]:
        """Of a version that there is."""
        found: dict[str, Any] = await _queries.content(self._connection, version_id=version_id)
        return found
