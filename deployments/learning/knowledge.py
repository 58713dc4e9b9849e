"""What is kept of learners' knowledge, of one organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from deployments.learning.repository import Row
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "knowledge.sql")


@dataclass(frozen=True, kw_only=True)
class Standing(Row):
    """A learner in a course. The enrolment is None without a seat, the history without results."""

    course_id: UUID
    status: str
    enrollment_id: UUID | None
    user_id: UUID | None
    version_id: UUID | None
    history: dict[str, Any] | None
    answers: int | None
    traced_at: datetime | None
    fitted: bool
    traced_with: str | None


@dataclass(frozen=True, kw_only=True)
class OwnCourse(Row):
    """A course in which a learner has results; `levels` counts skills."""

    course_id: UUID
    title: str
    answers: int
    traced_at: datetime
    levels: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Learner(Row):
    """A learner of a course with what was answered; nothing yet where `traced_at` is None."""

    enrollment_id: UUID
    user_id: UUID
    answers: int | None
    traced_at: datetime | None
    skills: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class SkillLearner(Row):
    """A learner with one skill."""

    user_id: UUID
    enrollment_id: UUID
    level: str
    known: float
    answers: int
    right: int
    last_answer_at: datetime


@dataclass(frozen=True, kw_only=True)
class Declaration(Row):
    """Skills as an instructor declared them."""

    skills: list[dict[str, Any]]
    revision: int
    declared_at: datetime


@dataclass(frozen=True, kw_only=True)
class Fitted(Row):
    """Parameters that serve. `course_id` is None for an organisation's own."""

    id: UUID
    course_id: UUID | None
    name: str
    about: dict[str, Any]
    fitted_at: datetime


class KnowledgeRepository:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def standing(self, course_id: UUID, user_id: UUID) -> Standing | None:
        """None where there is no such course."""
        row = await _queries.own_enrollment(self.connection, course_id=course_id, user_id=user_id)
        return Standing.from_row(row) if row else None

    async def last_answers(self, enrollment_id: UUID) -> dict[str, datetime]:
        """When each skill was last asked for."""
        rows = _queries.last_answers(self.connection, enrollment_id=enrollment_id)
        return {str(row["skill_id"]): row["last_answer_at"] async for row in rows}

    async def own_courses(self, user_id: UUID, limit: int) -> list[OwnCourse]:
        rows = _queries.own_courses(self.connection, user_id=user_id, limit=limit)
        return [OwnCourse.from_row(row) async for row in rows]

    async def learners(self, course_id: UUID, after: UUID | None, limit: int) -> list[Learner]:
        rows = _queries.learners(self.connection, course_id=course_id, after=after, limit=limit)
        return [Learner.from_row(row) async for row in rows]

    async def learners_of_skill(
        self, course_id: UUID, skill_id: UUID, limit: int, known: float | None = None, after: UUID | None = None
    ) -> list[SkillLearner]:
        rows = _queries.learners_of_skill(
            self.connection, course_id=course_id, skill_id=skill_id, known=known, after=after, limit=limit
        )
        return [SkillLearner.from_row(row) async for row in rows]

    async def skill_figures(self, course_id: UUID) -> tuple[int, Mapping[str, Mapping[str, Any]]]:
        """How many learners the course has, and figures by skill."""
        rows = _queries.skill_figures(self.connection, course_id=course_id)
        found = {str(row["skill_id"]): dict(row) async for row in rows}
        return await _queries.learners_of_course(self.connection, course_id=course_id), found

    async def published(self, course_id: UUID) -> UUID | None:
        """The version that is published."""
        found: UUID | None = await _queries.published_version(self.connection, course_id=course_id)
        return found

    async def content(self, version_id: UUID) -> dict[str, Any]:
        """Of a version that there is."""
        found: dict[str, Any] = await _queries.content(self.connection, version_id=version_id)
        return found

    async def declaration(self, course_id: UUID) -> Declaration | None:
        row = await _queries.declaration(self.connection, course_id=course_id)
        return Declaration.from_row(row) if row else None

    async def declare(self, course_id: UUID, org_id: UUID, skills: Sequence[Mapping[str, Any]], by: UUID) -> None:
        await _queries.declare(self.connection, course_id=course_id, org_id=org_id, skills=skills, declared_by=by)

    async def withdraw(self, course_id: UUID) -> bool:
        """Go back to what follows from the course. Whether anything had been declared."""
        return bool(await _queries.withdraw(self.connection, course_id=course_id))

    async def trace_anew(self, course_id: UUID, org_id: UUID) -> None:
        """Have all learners of a course traced again."""
        await _queries.trace_anew(self.connection, course_id=course_id, org_id=org_id)

    async def model(self, course_id: UUID) -> Fitted | None:
        """What serves a course; None where typical values do."""
        row = await _queries.model(self.connection, course_id=course_id)
        return Fitted.from_row(row) if row else None
