"""Enrolments, their courses and versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from deployments.enrollments.content import CourseVersion, parse_version
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.progress import Standing, UnitRecord
from deployments.enrollments.repository.rows import Course, Enrollment, Prospect
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "enrollments.sql")


def _enrollment(row: Any) -> Enrollment | None:
    return Enrollment.from_row(row) if row else None


class EnrollmentRepository:
    """Lock order, for every writer: the learner's row, shared, before anything of theirs; the course's where seats are
    limited; then enrolments."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def course(self, course_id: UUID) -> Course | None:
        row = await _queries.course(self._connection, course_id=course_id)
        return Course.from_row(row) if row else None

    async def lock_course(self, course_id: UUID) -> Course | None:
        """The course, its row locked against others who change who holds a seat."""
        row = await _queries.lock_course(self._connection, course_id=course_id)
        return Course.from_row(row) if row else None

    async def prospect(self, course_id: UUID, user_id: UUID) -> Prospect | None:
        """The course and the standing towards it of the person, whose row is locked; None where there is no course."""
        row = await _queries.prospect(self._connection, course_id=course_id, user_id=user_id)
        if row is None:
            return None
        return Prospect(course=Course.from_row(row), person_status=row["person_status"], missing=row["missing"])

    async def find(self, enrollment_id: UUID) -> Enrollment | None:
        return _enrollment(await _queries.find(self._connection, enrollment_id=enrollment_id))

    async def lock(self, enrollment_id: UUID) -> Enrollment | None:
        """The enrolment, locked: what happens to one enrolment happens in turn. None where its learner was erased."""
        return _enrollment(await _queries.lock(self._connection, enrollment_id=enrollment_id))

    async def lock_of(self, course_id: UUID, user_id: UUID) -> Enrollment | None:
        """A person's enrolment in a course, locked."""
        return _enrollment(await _queries.lock_of(self._connection, course_id=course_id, user_id=user_id))

    async def insert(self, org_id: UUID, course: Course, user_id: UUID, status: Status) -> Enrollment | None:
        """A first enrolment, on the newest version; None where the person has one already."""
        row = await _queries.insert(
            self._connection, id=new_id(), org_id=org_id, user_id=user_id, course_id=course.id,
            version_id=course.version_id, status=str(status), access_days=course.access_days,
        )  # fmt: skip
        return _enrollment(row)

    async def begin(
        self, access_days: int | None, places: Sequence[tuple[Enrollment, UUID, Standing]]
    ) -> list[Enrollment]:
        """Make enrolments active, each on the given version with the given standing; in the given order."""
        rows = _queries.begin(
            self._connection,
            access_days=access_days,
            ids=[enrollment.id for enrollment, _, _ in places],
            versions=[version_id for _, version_id, _ in places],
            progress=[standing.progress for _, _, standing in places],
            scores=[standing.score for _, _, standing in places],
        )
        begun = {row["id"]: Enrollment.from_row(row) async for row in rows}
        return [begun[enrollment.id] for enrollment, _, _ in places]

    async def wait(self, enrollment_id: UUID, version_id: UUID, standing: Standing) -> Enrollment:
        """Put at the end of the waiting list."""
        row = await _queries.wait(
            self._connection, enrollment_id=enrollment_id, version_id=version_id,
            progress=standing.progress, score=standing.score,
        )  # fmt: skip
        return Enrollment.from_row(row)

    async def drop_out(self, enrollment_id: UUID) -> Enrollment:
        return Enrollment.from_row(await _queries.drop_out(self._connection, enrollment_id=enrollment_id))

    async def stand(self, enrollment_id: UUID, version_id: UUID, standing: Standing) -> Enrollment:
        """Set version, progress and score."""
        row = await _queries.stand(
            self._connection, enrollment_id=enrollment_id, version_id=version_id,
            progress=standing.progress, score=standing.score,
        )  # fmt: skip
        return Enrollment.from_row(row)

    async def complete(self, enrollment_id: UUID, version_id: UUID, standing: Standing) -> Enrollment:
        row = await _queries.complete(
            self._connection, enrollment_id=enrollment_id, version_id=version_id, score=standing.score
        )
        return Enrollment.from_row(row)

    async def seats_taken(self, course_id: UUID) -> int:
        """How many learners are active and have not run out of time."""
        return int(await _queries.seats_taken(self._connection, course_id=course_id))

    async def expire_due(self, course_id: UUID, limit: int) -> list[Enrollment]:
        """Mark at most `limit` enrolments whose access has ended."""
        rows = _queries.expire_due(self._connection, course_id=course_id, limit=limit)
        return [Enrollment.from_row(row) async for row in rows]

    async def next_waiting(self, course_id: UUID, limit: int | None) -> list[Enrollment]:
        """Those whose turn it is, locked, the longest waiting first; everybody where there is no limit."""
        rows = _queries.next_waiting(self._connection, course_id=course_id, limit=limit)
        return [Enrollment.from_row(row) async for row in rows]

    async def courses_with_overdue(self) -> list[tuple[UUID, UUID]]:
        """(organisation, course) where access of somebody has ended and the row does not say so."""
        rows = _queries.courses_with_overdue(self._connection)
        return [(row["org_id"], row["course_id"]) async for row in rows]

    async def courses_with_room(self) -> list[tuple[UUID, UUID]]:
        """(organisation, course) where somebody waits for a seat that is free."""
        rows = _queries.courses_with_room(self._connection)
        return [(row["org_id"], row["course_id"]) async for row in rows]

    async def version(self, version_id: UUID) -> CourseVersion:
        """A published version. It exists: enrolments and courses refer to it."""
        row = await _queries.version(self._connection, version_id=version_id)
        return parse_version(row["id"], row["title"], row["content"])

    async def unit_records_of(self, enrollment_id: UUID) -> dict[UUID, UnitRecord]:
        """What one learner has to show, by unit."""
        rows = _queries.unit_records_of(self._connection, enrollment_id=enrollment_id)
        return {row["unit_id"]: UnitRecord(row["completed_at"], row["score"]) async for row in rows}

    async def unit_records(self, enrollment_ids: Collection[UUID]) -> dict[UUID, dict[UUID, UnitRecord]]:
        """What learners have to show, by enrolment and unit; enrolments with nothing give an empty mapping."""
        found: dict[UUID, dict[UUID, UnitRecord]] = defaultdict(dict)
        rows = _queries.unit_records(self._connection, enrollment_ids=list(enrollment_ids))
        async for row in rows:
            found[row["enrollment_id"]][row["unit_id"]] = UnitRecord(row["completed_at"], row["score"])
        return found
