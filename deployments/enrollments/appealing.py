"""Appeals: a learner asks for a grade to be looked at again, and a person answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from deployments.enrollments.announcements import announce
from deployments.enrollments.authority import reaches, staffed
from deployments.enrollments.errors import (
    AppealAnswered,
    AppealNotFound,
    AppealOpen,
    NoMoreAppeals,
    NotGraded,
    OwnSubmission,
    SubmissionNotFound,
    SubmissionSuperseded,
)
from deployments.enrollments.grading import Grading
from deployments.enrollments.repository.appeals import Appeal, AppealRepository
from deployments.enrollments.repository.coursework import CourseworkRepository
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.overview import Row
from deployments.enrollments.repository.rows import Enrollment, Submission
from deployments.enrollments.repository.suggestions import SuggestionRepository
from deployments.kit.errors import Invalid, PeopleOnly
from deployments.kit.principal import Principal
from deployments.kit.work import Work

MOST_APPEALS = 3  # against the grades of one submission


class Remarking(Protocol):
    """What marks attempts anew: `deployments.enrollments.quiz_appeals.QuizAppeals`."""

    async def mark_anew(
        self, work: Work, enrollment: Enrollment, attempt_id: UUID, right: Sequence[str]
    ) -> Decimal: ...


@dataclass(frozen=True, kw_only=True)
class Appealing:
    """Learners appeal and withdraw, those who may grade decide. Never an agent: its word would stand for theirs."""

    grading: Grading
    quizzes: Remarking

    async def appeal(self, work: Work, principal: Principal, submission_id: UUID, reason: str) -> Appeal:
        """Appeal against the grade of one's own newest submission.

        Raises `PeopleOnly`, `SubmissionNotFound`, `SubmissionSuperseded`, `NotGraded`, `AppealOpen`, `NoMoreAppeals`.
        """
        in_person(principal)
        submission, enrollment = await _own(work, principal, submission_id)
        if submission.superseded:
            raise SubmissionSuperseded()
        if submission.points is None:
            raise NotGraded()
        connection = await work.connection()
        repository = AppealRepository(connection)
        if await repository.count(submission_id) >= MOST_APPEALS:
            raise NoMoreAppeals()
        suggested = await SuggestionRepository(connection).last_decided(submission_id)
        appeal = await repository.insert(
            org_id=work.org_id, course_id=enrollment.course_id, enrollment_id=enrollment.id,
            submission_id=submission_id, attempt_id=None, suggestion_id=suggested.id if suggested else None,
            points=submission.points, maximum_points=submission.maximum_points, graded_by=submission.graded_by,
            reason=reason,
        )  # fmt: skip
        if appeal is None:
            raise AppealOpen()
        announce(
            work, "grade.appealed", enrollment, before=enrollment, subject=appeal.id, appeal_id=appeal.id,
            submission_id=submission_id, attempt_id=None, unit_id=submission.unit_id, points=appeal.points,
            maximum_points=appeal.maximum_points, suggested=suggested is not None,
        )  # fmt: skip
        return appeal

    async def withdraw(self, work: Work, principal: Principal, appeal_id: UUID) -> Appeal:
        """Take one's own appeal back. Raises `PeopleOnly`, `AppealNotFound`, `AppealAnswered`."""
        in_person(principal)
        repository = AppealRepository(await work.connection())
        appeal = await repository.find(appeal_id)
        enrollments = EnrollmentRepository(await work.connection())
        enrollment = await enrollments.lock(appeal.enrollment_id) if appeal else None
        if enrollment is None or enrollment.user_id != principal.user_id:
            raise AppealNotFound()
        if (await repository.lock(appeal_id)).status != "open":
            raise AppealAnswered()
        return await repository.withdraw(appeal_id)

    async def of_submission(self, work: Work, principal: Principal, submission_id: UUID) -> list[Appeal]:
        """The appeals against the grades of one's own submission, or a learner's. Raises `SubmissionNotFound`."""
        connection = await work.connection()
        submission = await CourseworkRepository(connection).submission(submission_id)
        if submission is None or not await may_see(work, principal, submission.enrollment_id):
            raise SubmissionNotFound()
        return await AppealRepository(connection).of_submission(submission_id)

    async def queue(
        self, work: Work, principal: Principal, course_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[Row]:
        """A course's open appeals, the oldest first. Raises `CourseNotFound`, `NotYourCourse`."""
        connection = await work.connection()
        staffed(principal, await EnrollmentRepository(connection).course(course_id), "submissions.grade")
        return await AppealRepository(connection).queue(course_id, after, limit)

    async def decide(
        self, work: Work, principal: Principal, appeal_id: UUID, *, points: Decimal | None, right: Sequence[str],
        decision: str, feedback: str | None,
    ) -> Appeal:  # fmt: skip
        """Answer an appeal: it is upheld with `points`, by which the submission is graded anew, or with the questions
        of the attempt that are `right` after all; without either it is dismissed.

        Raises `PeopleOnly`, `AppealNotFound`, `OwnSubmission`, `AppealAnswered`, `Invalid`, and what grading raises.
        """
        in_person(principal)
        connection = await work.connection()
        repository = AppealRepository(connection)
        found = await repository.find(appeal_id)
        enrollment = await EnrollmentRepository(connection).lock(found.enrollment_id) if found else None
        course = await EnrollmentRepository(connection).course(enrollment.course_id) if enrollment else None
        if enrollment is None or course is None or not reaches(principal, course.instructor_id, "submissions.grade"):
            raise AppealNotFound()
        if enrollment.user_id == principal.user_id:
            raise OwnSubmission()
        appeal = await repository.lock(appeal_id)
        if appeal.status != "open":
            raise AppealAnswered()
        if points is not None or right:
            points = await self._anew(work, principal, appeal, enrollment, points, right, feedback)
        closed = await repository.close(
            appeal_id, status="dismissed" if points is None else "upheld", decided_by=principal.user_id,
            decision=decision, new_points=points,
        )  # fmt: skip
        enrollment = await EnrollmentRepository(connection).find(enrollment.id) or enrollment
        announce(
            work, "grade_appeal.decided", enrollment, before=enrollment, subject=appeal_id, appeal_id=appeal_id,
            submission_id=appeal.submission_id, attempt_id=appeal.attempt_id, outcome=closed.status,
            points=appeal.points, new_points=points, maximum_points=appeal.maximum_points,
            by_another=appeal.graded_by != principal.user_id,
        )  # fmt: skip
        return closed

    async def _anew(
        self, work: Work, principal: Principal, appeal: Appeal, enrollment: Enrollment, points: Decimal | None,
        right: Sequence[str], feedback: str | None,
    ) -> Decimal:  # fmt: skip
        """Grade or mark anew; gives the points."""
        if appeal.attempt_id is not None:
            if points is not None or feedback is not None:
                raise Invalid.field("right", "required", "say which questions of the quiz are right after all")
            return await self.quizzes.mark_anew(work, enrollment, appeal.attempt_id, right)
        if points is None:
            raise Invalid.field("points", "required", "a submission is given other points")
        await self._grade_anew(work, principal, appeal, points, feedback)
        return points

    async def _grade_anew(
        self, work: Work, principal: Principal, appeal: Appeal, points: Decimal, feedback: str | None
    ) -> None:
        assert appeal.submission_id is not None, "the database has it so"
        submission = await CourseworkRepository(await work.connection()).submission(appeal.submission_id)
        assert submission is not None, "submissions are never deleted"
        if points == submission.points:
            raise Invalid.field("points", "unchanged", "an appeal that is upheld changes the grade")
        said = submission.feedback or "" if feedback is None else feedback
        await self.grading.grade(work, principal, appeal.submission_id, points=points, feedback=said, if_match=None)


def in_person(principal: Principal) -> None:
    """Raises `PeopleOnly` for what acts in a person's name."""
    if principal.acting is not None:
        raise PeopleOnly()


async def may_see(work: Work, principal: Principal, enrollment_id: UUID) -> bool:
    """Whether it is one's own enrolment, or in a course whose submissions one may grade."""
    repository = EnrollmentRepository(await work.connection())
    enrollment = await repository.find(enrollment_id)
    course = await repository.course(enrollment.course_id) if enrollment else None
    if enrollment is None or course is None:
        return False
    own = enrollment.user_id == principal.user_id
    return own or reaches(principal, course.instructor_id, "submissions.grade")


async def _own(work: Work, principal: Principal, submission_id: UUID) -> tuple[Submission, Enrollment]:
    """One's own submission, its enrolment locked. Raises `SubmissionNotFound`."""
    connection = await work.connection()
    repository = CourseworkRepository(connection)
    submission = await repository.submission(submission_id)
    enrollment = await EnrollmentRepository(connection).lock(submission.enrollment_id) if submission else None
    if enrollment is None or enrollment.user_id != principal.user_id:
        raise SubmissionNotFound()
    submission = await repository.submission(submission_id)
    assert submission is not None, "submissions are never deleted"
    return submission, enrollment
