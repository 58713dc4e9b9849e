"""What follows when a learner's units change: progress, score, and at the end completion with a certificate."""

from __future__ import annotations

from dataclasses import dataclass, replace

from configs.errors import AzoraError
from deployments.enrollments.announcements import announce
from deployments.enrollments.certificates import Certifier
from deployments.enrollments.content import CourseVersion
from deployments.enrollments.lifecycle import Action, Status, after, allowed
from deployments.enrollments.progress import HUNDRED, Standing
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Enrollment
from deployments.enrollments.seats import Seats
from deployments.kit.logs import get_logger
from deployments.kit.work import Work
from stores.postgres import Database

log = get_logger("enrollments")


@dataclass(frozen=True, kw_only=True)
class Completion:
    """Keeps an enrolment's figures true, and completes it when nothing is left to do."""

    database: Database
    seats: Seats
    certifier: Certifier

    async def advance(
        self, work: Work, enrollment: Enrollment, version: CourseVersion, standing: Standing
    ) -> Enrollment:
        """Store where a learner stands in a version, their enrolment being locked; complete it where due."""
        if standing.complete and allowed(enrollment.status, Action.COMPLETE):
            return await self.complete(work, enrollment, version, standing)
        if enrollment.status is Status.COMPLETED:  # a later grade changes the score; completion stays
            standing = replace(standing, progress=HUNDRED)
        if (enrollment.version_id, enrollment.progress, enrollment.score) == (
            version.id, standing.progress, standing.score
        ):  # fmt: skip
            return enrollment
        repository = EnrollmentRepository(await work.connection())
        return await repository.stand(enrollment.id, version.id, standing)

    async def complete(
        self, work: Work, enrollment: Enrollment, version: CourseVersion, standing: Standing
    ) -> Enrollment:
        """Complete a locked enrolment: the certificate is issued and the seat is free for the next in line."""
        after(enrollment.status, Action.COMPLETE)
        repository = EnrollmentRepository(await work.connection())
        completed = await repository.complete(enrollment.id, version.id, standing)
        # That the last unit made it whole was told before.
        announce(work, "enrollment.completed", completed, before=replace(enrollment, progress=standing.progress))
        await self.certifier.issue(work, completed, version)
        course = await repository.course(enrollment.course_id)
        if course is not None and course.limited:
            # Not in this transaction: it holds the enrolment's lock, and a course is never locked after an enrolment.
            work.after_commit(lambda: self._promote(completed))
        return completed

    async def _promote(self, completed: Enrollment) -> None:
        try:
            await self.seats.settle_apart(self.database, completed.org_id, completed.course_id)
        except AzoraError as error:  # the seat is given by the duty that looks for free ones
            log.warning("seat left free", course_id=str(completed.course_id), cause=repr(error))
