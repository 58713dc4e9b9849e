"""Who may see what of enrolments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from deployments.enrollments.authority import reaches, staffed
from deployments.enrollments.content import CourseVersion, Unit, UnitKind
from deployments.enrollments.errors import CertificateNotFound, EnrollmentNotFound
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.repository.certificates import Certificate, CertificateRepository
from deployments.enrollments.repository.coursework import NOTHING_DONE, CourseworkRepository, UnitUsage
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.overview import OverviewRepository, Row, UnitFigures
from deployments.enrollments.repository.rows import Attempt, Submission
from deployments.enrollments.scoring import Quiz
from deployments.enrollments.versions import Versions
from deployments.kit.errors import UnitNotFound
from deployments.kit.principal import Principal
from deployments.kit.work import Work

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """An enrolment's row with its units, in order, and what was done in each."""

    enrollment: Row
    units: list[tuple[Unit, UnitUsage]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Attempts at one quiz, and whether their answers may be explained to whoever asks."""

    items: list[Attempt]
    quiz: Quiz
    explained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A course in figures. `units` are the assessed ones: the newest version's in order, then those of older
    versions in which somebody has a score; each with whether the newest version has it."""

    course_id: UUID
    figures: Row
    units: list[tuple[Unit, bool, UnitFigures]]


_NO_FIGURES = UnitFigures(learners_scored=0, mean_score=None, submissions_ungraded=0)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Answers without changing anything."""

    versions: Versions

    async def own(
        self, work: Work, principal: Principal, *, status: Status | None, course_id: UUID | None,
        before: Position | None, limit: int,
    ) -> list[Row]:  # fmt: skip
        """One's own enrolments, the newest first."""
        repository = OverviewRepository(await work.connection())
        return await repository.own(principal.user_id, status=status, course_id=course_id, before=before, limit=limit)

    async def one(
        self, work: Work, principal: Principal, enrollment_id: UUID, *, staff: str = "enrollments.course"
    ) -> Row:
        """An enrolment of one's own, or one that the permission `staff` reaches. Raises `EnrollmentNotFound`."""
        row = await OverviewRepository(await work.connection()).view(enrollment_id)
        if row is None:
            raise EnrollmentNotFound()
        if row["user_id"] != principal.user_id and not reaches(principal, row["instructor_id"], staff):
            raise EnrollmentNotFound()
        return row

    async def shown(self, work: Work, enrollment_id: UUID) -> Row:
        """An enrolment that the request has just changed."""
        row = await OverviewRepository(await work.connection()).view(enrollment_id)
        assert row is not None, "enrolments are never deleted"
        return row

    async def progress(self, work: Work, principal: Principal, enrollment_id: UUID) -> Progress:
        """Raises `EnrollmentNotFound`."""
        row = await self.one(work, principal, enrollment_id)
        connection = await work.connection()
        version = await self.versions.get(connection, row["course_version_id"])
        usage = await CourseworkRepository(connection).usage(enrollment_id)
        return Progress(enrollment=row, units=[(unit, usage.get(unit.id, NOTHING_DONE)) for unit in version.units])

    async def attempts(
        self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID, *, before: int | None, limit: int
    ) -> Attempts:
        """One's own attempts at a quiz, or a learner's; the newest first.

        Raises `EnrollmentNotFound`, `UnitNotFound`.
        """
        row, unit = await self._unit(work, principal, enrollment_id, unit_id, UnitKind.QUIZ)
        assert unit.quiz is not None
        repository = CourseworkRepository(await work.connection())
        items = await repository.attempts(enrollment_id, unit_id, before, limit)
        if row["user_id"] != principal.user_id:
            return Attempts(items=items, quiz=unit.quiz, explained=True)
        record = await repository.record(enrollment_id, unit_id)
        used = await repository.attempts_used(enrollment_id, unit_id)
        explained = record.completed_at is not None or unit.quiz.attempts_left(used) == 0
        return Attempts(items=items, quiz=unit.quiz, explained=explained)

    async def submissions(
        self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID, *, before: int | None, limit: int
    ) -> list[Submission]:
        """What one handed in oneself, or a learner did; the newest first. Raises what `attempts` does."""
        await self._unit(work, principal, enrollment_id, unit_id, UnitKind.ASSIGNMENT)
        repository = CourseworkRepository(await work.connection())
        return await repository.submissions(enrollment_id, unit_id, before, limit)

    async def _unit(
        self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID, kind: UnitKind
    ) -> tuple[Row, Unit]:
        row = await self.one(work, principal, enrollment_id, staff="submissions.grade")
        version = await self.versions.get(await work.connection(), row["course_version_id"])
        unit = version.by_id.get(unit_id)
        if unit is None or unit.kind is not kind:
            raise UnitNotFound(f"There is no such unit of kind {kind}")
        return row, unit

    async def certificate(self, work: Work, principal: Principal, enrollment_id: UUID) -> Certificate:
        """Raises `EnrollmentNotFound`, and `CertificateNotFound` while the course is not completed."""
        await self.one(work, principal, enrollment_id)
        certificate = await CertificateRepository(await work.connection()).of_enrollment(enrollment_id)
        if certificate is None or not certificate.token:  # an erased learner's says nothing any more
            raise CertificateNotFound()
        return certificate

    async def of_course(
        self, work: Work, principal: Principal, course_id: UUID, *, status: Status | None, user_id: UUID | None,
        after: Position | None, limit: int,
    ) -> list[Row]:  # fmt: skip
        """A course's enrolments with names, the oldest first. Raises `CourseNotFound`, `NotYourCourse`."""
        connection = await work.connection()
        staffed(principal, await EnrollmentRepository(connection).course(course_id))
        return await OverviewRepository(connection).of_course(
            course_id, status=status, user_id=user_id, after=after, limit=limit
        )

    async def queue(
        self, work: Work, principal: Principal, course_id: UUID, *, status: str, after: Position | None, limit: int
    ) -> list[Mapping[str, Any]]:
        """A course's submissions, the oldest first. Raises `CourseNotFound`, `NotYourCourse`."""
        # A plan made while a course was small, and kept, can take seconds for thousands of learners.
        connection = await work.connection(plan_anew=True)
        staffed(principal, await EnrollmentRepository(connection).course(course_id), "submissions.grade")
        return await CourseworkRepository(connection).queue(course_id, status, after, limit)

    async def summary(self, work: Work, principal: Principal, course_id: UUID) -> Summary:
        """A course in figures. Raises `CourseNotFound`, `NotYourCourse`."""
        connection = await work.connection(plan_anew=True)
        course = staffed(principal, await EnrollmentRepository(connection).course(course_id))
        repository = OverviewRepository(connection)
        figures = await repository.figures(course_id)
        by_unit = await repository.unit_figures(course_id)
        newest = course.version_id
        studied = sorted(figures["version_ids"] or [], reverse=True)  # ids grow with time: the latest title wins
        versions = [await self.versions.get(connection, id) for id in dict.fromkeys([newest, *studied]) if id]
        return Summary(course_id=course_id, figures=figures, units=_assessed(versions, newest, by_unit))


def _assessed(
    versions: list[CourseVersion], newest: UUID | None, by_unit: Mapping[UUID, UnitFigures]
) -> list[tuple[Unit, bool, UnitFigures]]:
    current = {unit.id for version in versions if version.id == newest for unit in version.units}
    units: dict[UUID, Unit] = {}
    for version in versions:
        for unit in version.units:
            if unit.assessed and (unit.id in current or unit.id in by_unit):
                units.setdefault(unit.id, unit)
    return [(unit, unit.id in current, by_unit.get(unit.id, _NO_FIGURES)) for unit in units.values()]
