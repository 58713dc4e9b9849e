"""What learners do in their units: completions, attempts, submissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from deployments.enrollments.progress import UnitRecord
from deployments.enrollments.repository.rows import Attempt, Enrollment, Submission
from deployments.enrollments.scoring import QuizResult
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "coursework.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitUsage:
    """A learner's doings in one unit."""

    record: UnitRecord
    attempts: int
    submissions: int


NOTHING_DONE = UnitUsage(record=UnitRecord(), attempts=0, submissions=0)


class CourseworkRepository:
    """Writers hold the enrolment's lock, which keeps numbers in sequence."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, enrollment_id: UUID, unit_id: UUID) -> UnitRecord:
        row = await _queries.record(self._connection, enrollment_id=enrollment_id, unit_id=unit_id)
        return UnitRecord(row["completed_at"], row["score"]) if row else UnitRecord()

    async def keep_record(
        self, enrollment: Enrollment, unit_id: UUID, *, completed: bool, score: Decimal | None
    ) -> None:
        """Set whether a unit is complete, and its score. A completion keeps its first time."""
        await _queries.keep_record(
            self._connection, org_id=enrollment.org_id, enrollment_id=enrollment.id, unit_id=unit_id,
            completed=completed, score=score,
        )  # fmt: skip

    async def usage(self, enrollment_id: UUID) -> dict[UUID, UnitUsage]:
        """By unit; units in which nothing was done are absent."""
        rows = _queries.unit_usage(self._connection, enrollment_id=enrollment_id)
        return {
            row["unit_id"]: UnitUsage(
                record=UnitRecord(row["completed_at"], row["score"]),
                attempts=row["attempts"],
                submissions=row["submissions"],
            )
            async for row in rows
        }

    async def attempts_used(self, enrollment_id: UUID, unit_id: UUID) -> int:
        return int(await _queries.attempts_used(self._connection, enrollment_id=enrollment_id, unit_id=unit_id))

    async def insert_attempt(
        self, enrollment: Enrollment, unit_id: UUID, number: int, answers: Mapping[str, Any], result: QuizResult
    ) -> Attempt:
        row = await _queries.insert_attempt(
            self._connection, id=new_id(), org_id=enrollment.org_id, enrollment_id=enrollment.id, unit_id=unit_id,
            number=number, answers=answers, result=[question.as_json() for question in result.questions],
            points=result.points, maximum_points=result.maximum_points, score=result.score, passed=result.passed,
        )  # fmt: skip
        return Attempt.from_row(row)

    async def attempt(self, attempt_id: UUID) -> Attempt | None:
        row = await _queries.attempt(self._connection, attempt_id=attempt_id)
        return Attempt.from_row(row) if row else None

    async def mark_anew(self, attempt: Attempt) -> None:
        """Keep other marks of an attempt; its answers stay."""
        await _queries.mark_anew(
            self._connection, attempt_id=attempt.id, result=attempt.result, points=attempt.points, score=attempt.score,
            passed=attempt.passed,
        )  # fmt: skip

    async def attempts(self, enrollment_id: UUID, unit_id: UUID, before: int | None, limit: int) -> list[Attempt]:
        """The newest first, those numbered below `before`."""
        rows = _queries.attempts(
            self._connection, enrollment_id=enrollment_id, unit_id=unit_id, before=before, limit=limit
        )
        return [Attempt.from_row(row) async for row in rows]

    async def latest_submission(self, enrollment_id: UUID, unit_id: UUID) -> Submission | None:
        row = await _queries.latest_submission(self._connection, enrollment_id=enrollment_id, unit_id=unit_id)
        return Submission.from_row(row) if row else None

    async def insert_submission(
        self, enrollment: Enrollment, unit_id: UUID, number: int, body: str, maximum_points: Decimal
    ) -> Submission:
        row = await _queries.insert_submission(
            self._connection, id=new_id(), org_id=enrollment.org_id, enrollment_id=enrollment.id, unit_id=unit_id,
            number=number, body=body, maximum_points=maximum_points,
        )  # fmt: skip
        return Submission.from_row(row)

    async def submission(self, submission_id: UUID) -> Submission | None:
        row = await _queries.submission(self._connection, submission_id=submission_id)
        return Submission.from_row(row) if row else None

    async def submissions(self, enrollment_id: UUID, unit_id: UUID, before: int | None, limit: int) -> list[Submission]:
        """The newest first, those numbered below `before`."""
        rows = _queries.submissions(
            self._connection, enrollment_id=enrollment_id, unit_id=unit_id, before=before, limit=limit
        )
        return [Submission.from_row(row) async for row in rows]

    async def grade(self, submission_id: UUID, *, points: Decimal, feedback: str, graded_by: UUID) -> Submission:
        row = await _queries.grade(
            self._connection, submission_id=submission_id, points=points, feedback=feedback, graded_by=graded_by
        )
        return Submission.from_row(row)

    async def queue(
        self, course_id: UUID, status: str, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Mapping[str, Any]]:
        """Submissions of a course with their learners' names, the oldest first."""
        after_at, after_id = after or (None, None)
        rows = _queries.queue(
            self._connection, course_id=course_id, status=status, after_at=after_at, after_id=after_id, limit=limit
        )
        return [row async for row in rows]
