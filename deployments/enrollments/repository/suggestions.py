"""Suggested grades, and what people made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from learning.grading.calibration import Decision
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "suggestions.sql")

_DECISIONS = 500  # of an organisation by one method: older ones say less of today's works
_HEARD = 60  # graded answers to one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One row of `grading_suggestions`."""

    id: UUID
    course_id: UUID
    submission_id: UUID
    enrollment_id: UUID
    unit_id: UUID
    method: str
    label: str | None
    model_share: float
    model_confidence: float
    confidence: float
    points: Decimal
    maximum_points: Decimal
    needs_person: bool
    concerns: list[str]
    criteria: list[dict[str, Any]]
    feedback: str
    made_by: dict[str, Any]
    status: str
    decided_by: UUID | None
    decided_at: datetime | None
    decided_points: Decimal | None
    decided_by_agent: bool
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A work that a person has graded."""

    body: str
    label: str | None
    given: float


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions on suggestions: in the course, and elsewhere in the organisation."""

    of_course: list[Decision]
    of_others: list[Decision]


class SuggestionRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def language(self, course_id: UUID) -> str:
        return str(await _queries.language(self._connection, course_id=course_id))

    async def insert(self, **fields: Any) -> Suggestion:
        """In place of the one that was open."""
        await _queries.replace_open(self._connection, submission_id=fields["submission_id"])
        return Suggestion.from_row(await _queries.insert(self._connection, id=new_id(), **fields))

    async def latest(self, submission_id: UUID) -> Suggestion | None:
        row = await _queries.latest(self._connection, submission_id=submission_id)
        return Suggestion.from_row(row) if row else None

    async def to_decide(self, submission_id: UUID) -> Suggestion | None:
        """What a grade that is given now is a decision on, locked."""
        row = await _queries.latest_to_decide(self._connection, submission_id=submission_id)
        return Suggestion.from_row(row) if row else None

    async def last_decided(self, submission_id: UUID) -> Suggestion | None:
        row = await _queries.last_decided(self._connection, submission_id=submission_id)
        return Suggestion.from_row(row) if row else None

    async def decide(self, id: UUID, *, status: str, decided_by: UUID, by_agent: bool, points: Decimal) -> None:
        await _queries.decide(
            self._connection, id=id, status=status, decided_by=decided_by, by_agent=by_agent, points=points
        )

    async def decisions(self, org_id: UUID, course_id: UUID, method: str) -> Decided:
        """What to recalibrate by."""
        found = Decided([], [])
        rows = _queries.decisions(self._connection, org_id=org_id, course_id=course_id, method=method, limit=_DECISIONS)
        async for row in rows:
            one = Decision(confidence=row["model_confidence"], share=row["model_share"], given=row["given"])
            (found.of_course if row["of_course"] else found.of_others).append(one)
        return found

    async def heard(self, org_id: UUID, basis: str, submission_id: UUID) -> list[Heard]:
        """Other works that people have graded by the same, the newest first."""
        rows = _queries.heard(self._connection, org_id=org_id, basis=basis, submission_id=submission_id, limit=_HEARD)
        return [Heard(**dict(row)) async for row in rows]

    async def queue(
        self, course_id: UUID, needs_person: bool | None, after: UUID | None, limit: int
    ) -> list[Mapping[str, Any]]:
        """Open suggestions of a course with their learners, the oldest first."""
        rows = _queries.queue(
            self._connection, course_id=course_id, needs_person=needs_person, after_id=after, limit=limit
        )
        return [row async for row in rows]

    async def waiting(self, courses: list[UUID] | None, units: list[UUID] | None) -> list[Mapping[str, Any]]:
        """Works that nobody has graded and nothing is suggested for, with who answers for their course; the role is
        None where that person is not active."""
        return [row async for row in _queries.waiting(self._connection, courses=courses, units=units)]

    async def agreement(self, course_id: UUID) -> list[Mapping[str, Any]]:
        return [row async for row in _queries.agreement(self._connection, course_id=course_id)]
