"""Appeals against grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "appeals.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One row of `grade_appeals`: against the grade of a submission or the marks of an attempt. `graded_by` gave the
    grade, `decided_by` answered for it."""

    id: UUID
    course_id: UUID
    enrollment_id: UUID
    submission_id: UUID | None
    attempt_id: UUID | None
    suggestion_id: UUID | None
    points: Decimal
    maximum_points: Decimal
    graded_by: UUID | None
    reason: str
    status: str
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str
    new_points: Decimal | None
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


class AppealRepository:
    """Whoever writes holds the lock of the enrolment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, submission_id: UUID) -> int:
        return int(await _queries.count(self._connection, submission_id=submission_id))

    async def count_of_quiz(self, enrollment_id: UUID, unit_id: UUID) -> int:
        return int(await _queries.count_of_quiz(self._connection, enrollment_id=enrollment_id, unit_id=unit_id))

    async def insert(self, **fields: Any) -> Appeal | None:
        """The appeal; None where one is open already."""
        row = await _queries.insert(self._connection, id=new_id(), **fields)
        return Appeal.from_row(row) if row else None

    async def of_submission(self, submission_id: UUID) -> list[Appeal]:
        """The newest first."""
        rows = _queries.of_submission(self._connection, submission_id=submission_id)
        return [Appeal.from_row(row) async for row in rows]

    async def of_attempt(self, attempt_id: UUID) -> list[Appeal]:
        """The newest first."""
        rows = _queries.of_attempt(self._connection, attempt_id=attempt_id)
        return [Appeal.from_row(row) async for row in rows]

    async def find(self, id: UUID) -> Appeal | None:
        row = await _queries.find(self._connection, id=id)
        return Appeal.from_row(row) if row else None

    async def lock(self, id: UUID) -> Appeal:
        return Appeal.from_row(await _queries.lock(self._connection, id=id))

    async def close(
        self, id: UUID, *, status: str, decided_by: UUID, decision: str, new_points: Decimal | None
    ) -> Appeal:
        row = await _queries.close(
            self._connection, id=id, status=status, decided_by=decided_by, decision=decision, new_points=new_points
        )
        return Appeal.from_row(row)

    async def withdraw(self, id: UUID) -> Appeal:
        return Appeal.from_row(await _queries.withdraw(self._connection, id=id))

    async def queue(self, course_id: UUID, after: UUID | None, limit: int) -> list[Mapping[str, Any]]:
        """Open appeals of a course with works and learners, the oldest first."""
        return [row async for row in _queries.queue(self._connection, course_id=course_id, after_id=after, limit=limit)]
