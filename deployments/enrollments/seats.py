"""Who holds a seat and who waits for one.

Everything here runs with the course's row locked, so that seats are counted and given in turn. A course without a
limit, where nobody waits, needs no lock: there is nothing to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from deployments.enrollments.announcements import announce, first_price
from deployments.enrollments.lifecycle import Action, Status, after
from deployments.enrollments.progress import Standing
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Course, Enrollment
from deployments.enrollments.versions import Versions
from deployments.kit.errors import CourseNotFound
from deployments.kit.work import Work
from stores.postgres import Database

SOURCE = "enrollments"
# An enrolment with the version and the standing it goes on with.
Place: TypeAlias = tuple[Enrollment, UUID, Standing]
_BATCH = 1000  # keeps one transaction from growing without bound


@dataclass(frozen=True, slots=True)
class Settled:
    """How many enrolments expired, and how many learners moved up from the waiting list."""

    expired: int
    promoted: int


@dataclass(frozen=True)
class Seats:
    """Gives, takes and counts seats."""

    versions: Versions

    async def reserve(self, work: Work, course: Course, *, force: bool = False) -> tuple[Course, bool]:
        """The course as it is now, and whether a newcomer gets a seat. Those who wait go first.

        Locks the course where seats are limited. With `force` there always is a seat. Raises `CourseNotFound`.
        """
        if not course.limited:
            return course, True
        course = await self.lock(work, course.id)
        await self.settle(work, course)
        return course, force or await self._free(work, course) != 0

    async def lock(self, work: Work, course_id: UUID) -> Course:
        """The course, locked. Raises `CourseNotFound`."""
        course = await EnrollmentRepository(await work.connection()).lock_course(course_id)
        if course is None:
            raise CourseNotFound()
        return course

    async def settle(self, work: Work, course: Course) -> Settled:
        """Bring a locked course up to date: take the seats of those whose time has run out, give what is free."""
        repository = EnrollmentRepository(await work.connection())
        expired = await repository.expire_due(course.id, _BATCH)
        for enrollment in expired:
            announce(work, "enrollment.expired", enrollment, before=replace(enrollment, status=Status.ACTIVE))
        return Settled(len(expired), await self._promote(work, course))

    async def _promote(self, work: Work, course: Course) -> int:
        free = await self._free(work, course)
        if not course.open or free == 0:
            return 0
        repository = EnrollmentRepository(await work.connection())
        waiting = await repository.next_waiting(course.id, min(free or _BATCH, _BATCH))
        places = [await self._place(work, course, enrollment) for enrollment in waiting]
        return len(await self.begin(work, course, places, Action.PROMOTE))

    async def _place(self, work: Work, course: Course, enrollment: Enrollment) -> Place:
        """Where somebody from the waiting list begins: on the newest version, unless it would leave them nothing to
        do. They then keep the version they waited with; upgrading, at their own wish, completes the course."""
        assert course.version_id is not None
        connection = await work.connection()
        version_id = course.version_id
        standing = await self.versions.standing(connection, enrollment, version_id)
        if standing.complete:
            version_id = enrollment.version_id
            standing = await self.versions.standing(connection, enrollment, version_id)
        return enrollment, version_id, standing

    async def begin(self, work: Work, course: Course, places: Sequence[Place], action: Action) -> list[Enrollment]:
        """Give seats, each on a version with a standing. Raises `IllegalTransition`."""
        for enrollment, _, _ in places:
            after(enrollment.status, action)
        if not places:
            return []
        repository = EnrollmentRepository(await work.connection())
        begun = await repository.begin(course.access_days, places)
        for enrollment, (before, _, _) in zip(begun, places, strict=True):
            price = first_price(course, enrollment, before=before)
            announce(work, "enrollment.activated", enrollment, before=before, price=price)
        return begun

    async def _free(self, work: Work, course: Course) -> int | None:
        """Seats left; None where there is no limit."""
        if course.capacity is None:
            return None
        taken = await EnrollmentRepository(await work.connection()).seats_taken(course.id)
        return max(0, course.capacity - taken)

    async def settle_apart(self, database: Database, org_id: UUID, course_id: UUID) -> Settled:
        """Settle a course in transactions of its own, until nothing is left to do."""
        total = Settled(0, 0)
        while True:
            async with Work(database, org_id, SOURCE) as work:
                settled = await self.settle(work, await self.lock(work, course_id))
            total = Settled(total.expired + settled.expired, total.promoted + settled.promoted)
            if settled.expired < _BATCH and settled.promoted < _BATCH:
                return total
