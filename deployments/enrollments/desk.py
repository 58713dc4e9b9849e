"""Where a learner works on one unit, and what follows when something about it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from deployments.enrollments.announcements import announce
from deployments.enrollments.completion import Completion
from deployments.enrollments.content import CourseVersion
from deployments.enrollments.progress import UnitRecord, standing_of
from deployments.enrollments.repository.coursework import CourseworkRepository
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Enrollment
from deployments.enrollments.versions import Versions
from deployments.kit.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A locked enrolment, its version, one unit, and what the learner has to show for every unit.

    The unit need not be one of the version: a late grade may be for one that the learner has left behind.
    """

    enrollment: Enrollment
    version: CourseVersion
    unit_id: UUID
    records: Mapping[UUID, UnitRecord]

    @property
    def record(self) -> UnitRecord:
        """What the learner has to show for the unit."""
        return self.records.get(self.unit_id, UnitRecord())

    @property
    def completed(self) -> bool:
        """Whether the unit is complete."""
        return self.record.completed_at is not None


async def sit_down(work: Work, versions: Versions, enrollment: Enrollment, unit_id: UUID) -> Desk:
    """The desk for a unit. The enrolment must be locked."""
    connection = await work.connection()
    version = await versions.get(connection, enrollment.version_id)
    records = await EnrollmentRepository(connection).unit_records_of(enrollment.id)
    return Desk(enrollment=enrollment, version=version, unit_id=unit_id, records=records)


async def keep_record(
    work: Work, completion: Completion, desk: Desk, *, completed: bool, score: Decimal | None
) -> Enrollment:
    """Store what the learner now has to show for the unit, say so, and let the enrolment follow."""
    if (completed, score) != (desk.completed, desk.record.score):
        repository = CourseworkRepository(await work.connection())
        await repository.keep_record(desk.enrollment, desk.unit_id, completed=completed, score=score)
    record = UnitRecord((desk.record.completed_at or datetime.now(UTC)) if completed else None, score)
    standing = standing_of(desk.version.by_id.keys(), {**desk.records, desk.unit_id: record})
    if completed != desk.completed:
        follows = replace(desk.enrollment, progress=standing.progress, score=standing.score)
        announce(
            work, "unit.completed" if completed else "unit.reopened", follows, before=desk.enrollment,
            unit_id=desk.unit_id,
        )  # fmt: skip
    return await completion.advance(work, desk.enrollment, desk.version, standing)
