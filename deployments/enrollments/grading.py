"""Grading what learners hand in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from deployments.enrollments.announcements import announce
from deployments.enrollments.authority import reaches
from deployments.enrollments.completion import Completion
from deployments.enrollments.desk import keep_record, sit_down
from deployments.enrollments.errors import OwnSubmission, SubmissionNotFound, SubmissionSuperseded
from deployments.enrollments.lifecycle import Status
from deployments.enrollments.progress import percent
from deployments.enrollments.repository.coursework import CourseworkRepository
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Enrollment, Submission
from deployments.enrollments.suggesting import settle
from deployments.enrollments.versions import Versions
from deployments.kit.decisions import require_running
from deployments.kit.errors import Invalid
from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.decisions import AutomatedKind


@dataclass(frozen=True, kw_only=True)
class Grading:
    """Grades and grades again; the learner's score follows, also once the enrolment has ended."""

    versions: Versions
    completion: Completion

    async def grade(
        self, work: Work, principal: Principal, submission_id: UUID, *, points: Decimal, feedback: str,
        if_match: str | None,
    ) -> Submission:  # fmt: skip
        """Grade a learner's newest submission for a unit.

        A grade at or above the pass mark completes the unit; a lower one reopens it, unless the course is completed.
        Raises `SubmissionNotFound`, `OwnSubmission`, `SubmissionSuperseded`, `PreconditionFailed`, `Invalid`; and
        `AutomatedDecisionsStopped` where an agent grades and that is stopped.
        """
        connection = await work.connection()
        if principal.acting is not None:
            await require_running(connection, work.org_id, AutomatedKind.GRADE)
        repository = CourseworkRepository(connection)
        enrollment = await self._enrollment(work, principal, submission_id)
        submission = await repository.submission(submission_id)  # as it is now that the enrolment is locked
        assert submission is not None, "submissions are never deleted"
        check_match(if_match, submission.revision)
        if submission.superseded:
            raise SubmissionSuperseded()
        if points > submission.maximum_points:
            raise Invalid.field("points", "too_large", f"at most {submission.maximum_points}")
        graded = await repository.grade(submission_id, points=points, feedback=feedback, graded_by=principal.user_id)
        await settle(work, principal, graded, enrollment.user_id, enrollment.course_id)
        await self._follow(work, enrollment, graded, previous=_grade(submission))
        return graded

    async def _enrollment(self, work: Work, principal: Principal, submission_id: UUID) -> Enrollment:
        """The learner's enrolment, locked, where the person may grade it."""
        connection = await work.connection()
        submission = await CourseworkRepository(connection).submission(submission_id)
        if submission is None:
            raise SubmissionNotFound()
        repository = EnrollmentRepository(connection)
        enrollment = await repository.lock(submission.enrollment_id)
        course = await repository.course(enrollment.course_id) if enrollment else None
        if enrollment is None or course is None or not reaches(principal, course.instructor_id, "submissions.grade"):
            raise SubmissionNotFound()
        if enrollment.user_id == principal.user_id:
            raise OwnSubmission()
        return enrollment

    async def _follow(
        self, work: Work, enrollment: Enrollment, graded: Submission, *, previous: Decimal | None
    ) -> None:
        assert graded.points is not None
        desk = await sit_down(work, self.versions, enrollment, graded.unit_id)
        unit = desk.version.by_id.get(graded.unit_id)  # gone where the learner has upgraded to a version without it
        assignment = unit.assignment if unit else None
        passed = assignment is None or assignment.passed(graded.points, graded.maximum_points)
        score = percent(graded.points, graded.maximum_points)
        announce(
            work, "submission.graded", enrollment, before=enrollment, subject=graded.id, submission_id=graded.id,
            unit_id=graded.unit_id, points=graded.points, maximum_points=graded.maximum_points, grade=score,
            previous_grade=previous, passed=passed,
        )  # fmt: skip
        final = enrollment.status is Status.COMPLETED and desk.completed
        await keep_record(work, self.completion, desk, completed=passed or final, score=score)


def _grade(submission: Submission) -> Decimal | None:
    return None if submission.points is None else percent(submission.points, submission.maximum_points)
