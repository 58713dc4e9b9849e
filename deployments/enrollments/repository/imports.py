"""Enrolments by the thousand, in few statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from deployments.enrollments.lifecycle import Status
from deployments.enrollments.repository.rows import Course, Enrollment
from stores.errors import StoreConflict
from stores.ids import new_id
from stores.postgres import Connection, violations
from stores.queries import load_queries

_queries = load_queries(__file__, "imports.sql")

Pair = tuple[UUID, UUID]  # course, person


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: UUID
    email: str
    external_id: str | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrollment:
    """A first enrolment to write; `enrolled_at` is now where it is None."""

    course: Course
    user_id: UUID
    status: Status
    enrolled_at: datetime | None


class ImportRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def plan_for_many(self) -> None:
        """Tell the database that the rest of the transaction deals with many rows at a time."""
        await _queries.plan_for_many(self._connection)

    async def lock_courses(self, course_ids: Collection[UUID]) -> dict[UUID, Course]:
        rows = _queries.lock_courses(self._connection, course_ids=list(course_ids))
        return {row["id"]: Course.from_row(row) async for row in rows}

    async def seats_claimed(self, course_ids: Collection[UUID]) -> dict[UUID, int]:
        """How many are active or waiting, by course; courses with nobody are absent."""
        rows = _queries.seats_claimed(self._connection, course_ids=list(course_ids))
        return {row["course_id"]: row["claimed"] async for row in rows}

    async def people(self, emails: Collection[str], external_ids: Collection[str]) -> list[Person]:
        rows = _queries.people(self._connection, emails=list(emails), external_ids=list(external_ids))
        return [
            Person(id=row["id"], email=row["email"], external_id=row["external_id"], active=row["status"] == "active")
            async for row in rows
        ]

    async def existing(self, pairs: Sequence[Pair]) -> dict[Pair, Enrollment]:
        rows = _queries.existing(
            self._connection, course_ids=[course for course, _ in pairs], user_ids=[user for _, user in pairs]
        )
        return {(row["course_id"], row["user_id"]): Enrollment.from_row(row) async for row in rows}

    async def lock_many(self, enrollment_ids: Collection[UUID]) -> list[Enrollment]:
        rows = _queries.lock_many(self._connection, enrollment_ids=list(enrollment_ids))
        return [Enrollment.from_row(row) async for row in rows]

    async def unprepared(self, pairs: Sequence[Pair]) -> set[Pair]:
        """Those of the pairs where a prerequisite is not completed."""
        rows = _queries.unprepared(
            self._connection, course_ids=[course for course, _ in pairs], user_ids=[user for _, user in pairs]
        )
        return {(row["course_id"], row["user_id"]) async for row in rows}

    async def insert_many(self, org_id: UUID, new: Sequence[NewEnrollment]) -> list[Enrollment]:
        """Raises `StoreConflict` where one of them is there already."""
        with violations({"enrollments_course_id_user_id_key": StoreConflict}):
            rows = _queries.insert_many(
                self._connection,
                org_id=org_id,
                ids=[new_id() for _ in new],
                user_ids=[enrollment.user_id for enrollment in new],
                course_ids=[enrollment.course.id for enrollment in new],
                version_ids=[enrollment.course.version_id for enrollment in new],
                statuses=[str(enrollment.status) for enrollment in new],
                enrolled_at=[enrollment.enrolled_at for enrollment in new],
                access_days=[enrollment.course.access_days for enrollment in new],
            )
            return [Enrollment.from_row(row) async for row in rows]
