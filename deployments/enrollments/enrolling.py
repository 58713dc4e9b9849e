"""Joining a course, leaving it, and moving to its newest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from deployments.enrollments.announcements import announce, first_price
from deployments.enrollments.authority import reaches, staffed
from deployments.enrollments.completion import Completion
from deployments.enrollments.errors import (
    AlreadyEnrolled,
    CourseNotOpen,
    EnrollmentNotFound,
    ForceNotPermitted,
    PersonInactive,
    PrerequisitesMissing,
)
from deployments.enrollments.lifecycle import Action, after, allowed
from deployments.enrollments.progress import Standing
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Course, Enrollment, Prospect
from deployments.enrollments.seats import Place, Seats
from deployments.enrollments.versions import Versions
from deployments.kit.errors import CourseNotFound, PersonNotFound
from deployments.kit.principal import Principal
from deployments.kit.work import Work


@dataclass(frozen=True, kw_only=True)
class Enrolling:
    """Enrols, drops and upgrades."""

    versions: Versions
    seats: Seats
    completion: Completion

    async def enrol_oneself(self, work: Work, principal: Principal, course_id: UUID) -> Enrollment:
        """Take a seat, or the next place on the waiting list.

        Raises `CourseNotFound`, `CourseNotOpen`, `PrerequisitesMissing`, `AlreadyEnrolled`, `PersonInactive`.
        """
        prospect = await self._prospect(work, course_id, principal.user_id)
        if prospect.course.status == "draft":
            raise CourseNotFound()
        return await self._enrol(work, prospect, principal.user_id)

    async def enrol_other(
        self, work: Work, principal: Principal, course_id: UUID, user_id: UUID, *, force: bool
    ) -> Enrollment:
        """Enrol a person. `force` passes over prerequisites and capacity.

        Raises what `enrol_oneself` does, and `NotYourCourse`, `ForceNotPermitted`, `PersonNotFound`.
        """
        prospect = await self._prospect(work, course_id, user_id)
        staffed(principal, prospect.course, "enrollments.manage")
        if force and not principal.may("enrollments.any"):
            raise ForceNotPermitted()
        return await self._enrol(work, prospect, user_id, force=force)

    async def _prospect(self, work: Work, course_id: UUID, user_id: UUID) -> Prospect:
        prospect = await EnrollmentRepository(await work.connection()).prospect(course_id, user_id)
        if prospect is None:
            raise CourseNotFound()
        return prospect

    async def _enrol(self, work: Work, prospect: Prospect, user_id: UUID, *, force: bool = False) -> Enrollment:
        if prospect.person_status in (None, "erased"):
            raise PersonNotFound()
        if prospect.person_status != "active":
            raise PersonInactive()
        _require_open(prospect.course)
        if prospect.missing and not force:
            raise PrerequisitesMissing(prospect.missing)
        course, seat = await self.seats.reserve(work, prospect.course, force=force)
        _require_open(course)
        repository = EnrollmentRepository(await work.connection())
        status = after(None, Action.ENROL if seat else Action.WAIT)
        enrollment = await repository.insert(work.org_id, course, user_id, status)
        if enrollment is None:
            return await self._return(work, course, user_id, seat)
        price = first_price(course, enrollment, before=None)
        announce(work, "enrollment.created", enrollment, before=None, price=price)
        return enrollment

    async def _return(self, work: Work, course: Course, user_id: UUID, seat: bool) -> Enrollment:
        """A former learner comes back, with what they completed before."""
        enrollment = await EnrollmentRepository(await work.connection()).lock_of(course.id, user_id)
        assert enrollment is not None, "enrolments are never deleted"
        if not allowed(enrollment.status, Action.ENROL):
            raise AlreadyEnrolled(enrollment.id, enrollment.status)
        (returned,) = await self.readmit(work, course, [enrollment], seats=seat)
        return returned

    async def readmit(
        self, work: Work, course: Course, returning: Sequence[Enrollment], *, seats: bool
    ) -> list[Enrollment]:
        """Take up again the locked enrolments of former learners of a course, on its newest version.

        Units that still exist stay completed. Without `seats` they go to the end of the waiting list, but for those
        who have completed every unit already: they need no seat. The order is kept.
        """
        assert course.version_id is not None
        returning = [_expired(work, enrollment) if enrollment.overdue else enrollment for enrollment in returning]
        standings = await self.versions.standings(await work.connection(), returning, course.version_id)
        places = [(e, course.version_id, s) for e, s in zip(returning, standings, strict=True)]
        seated = await self._seat(work, course, [place for place in places if seats or place[2].complete])
        waiting = await self._queue(work, [place for place in places if not (seats or place[2].complete)])
        by_id = {enrollment.id: enrollment for enrollment in (*seated, *waiting)}
        return [by_id[enrollment.id] for enrollment in returning]

    async def _seat(self, work: Work, course: Course, places: Sequence[Place]) -> list[Enrollment]:
        begun = await self.seats.begin(work, course, places, Action.ENROL)
        return [
            await self._finish(work, enrollment, standing) if standing.complete else enrollment
            for enrollment, (_, _, standing) in zip(begun, places, strict=True)
        ]

    async def _finish(self, work: Work, enrollment: Enrollment, standing: Standing) -> Enrollment:
        version = await self.versions.get(await work.connection(), enrollment.version_id)
        return await self.completion.complete(work, enrollment, version, standing)

    async def _queue(self, work: Work, places: Sequence[Place]) -> list[Enrollment]:
        repository = EnrollmentRepository(await work.connection())
        waiting = []
        for enrollment, version_id, standing in places:
            after(enrollment.status, Action.WAIT)
            waiting.append(await repository.wait(enrollment.id, version_id, standing))
            announce(work, "enrollment.waitlisted", waiting[-1], before=enrollment)
        return waiting

    async def drop(self, work: Work, principal: Principal, enrollment_id: UUID) -> Enrollment:
        """Leave a course or its waiting list; the seat goes to whoever has waited longest.

        One's own, or a learner's of a course one manages. Raises `EnrollmentNotFound`, `IllegalTransition`.
        """
        repository = EnrollmentRepository(await work.connection())
        found = await repository.find(enrollment_id)
        course = await repository.course(found.course_id) if found else None
        if found is None or course is None or not self._may_drop(principal, found, course):
            raise EnrollmentNotFound()
        limited = course.limited
        if limited:
            course = await self.seats.lock(work, course.id)
        enrollment = await repository.lock(enrollment_id)
        if enrollment is None:
            raise EnrollmentNotFound()
        after(enrollment.status, Action.DROP)
        dropped = await repository.drop_out(enrollment_id)
        announce(work, "enrollment.dropped", dropped, before=enrollment)
        if limited:
            await self.seats.settle(work, course)
        return dropped

    @staticmethod
    def _may_drop(principal: Principal, enrollment: Enrollment, course: Course) -> bool:
        own = enrollment.user_id == principal.user_id
        return own or reaches(principal, course.instructor_id, "enrollments.manage")

    async def upgrade(self, work: Work, principal: Principal, enrollment_id: UUID) -> Enrollment:
        """Move one's own enrolment to the course's newest version; progress is worked out again.

        On the newest already, nothing changes. Raises `EnrollmentNotFound`, `IllegalTransition`.
        """
        connection = await work.connection()
        repository = EnrollmentRepository(connection)
        enrollment = await repository.lock(enrollment_id)
        if enrollment is None or enrollment.user_id != principal.user_id:
            raise EnrollmentNotFound()
        after(enrollment.status, Action.UPGRADE)
        course = await repository.course(enrollment.course_id)
        assert course is not None, "enrolments refer to courses"
        version = await self.versions.get(connection, course.version_id or enrollment.version_id)
        standing = await self.versions.standing(connection, enrollment, version.id)
        if version.id != enrollment.version_id:
            begun_on, enrollment = enrollment, await repository.stand(enrollment.id, version.id, standing)
            announce(work, "enrollment.upgraded", enrollment, before=begun_on, from_version_id=begun_on.version_id)
        return await self.completion.advance(work, enrollment, version, standing)


def _expired(work: Work, enrollment: Enrollment) -> Enrollment:
    """Say that an overdue enrolment has expired; its row is about to change once more and need not."""
    expired = replace(enrollment, overdue=False)
    announce(work, "enrollment.expired", expired, before=enrollment)
    return expired


def _require_open(course: Course) -> None:
    if not course.open:
        raise CourseNotOpen(course.status)
