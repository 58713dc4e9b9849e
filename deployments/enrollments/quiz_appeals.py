"""Appeals against the marks of a quiz: a key may not know an answer that is right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from deployments.enrollments.announcements import announce
from deployments.enrollments.appealing import MOST_APPEALS, in_person, may_see
from deployments.enrollments.completion import Completion
from deployments.enrollments.desk import keep_record, sit_down
from deployments.enrollments.errors import AppealOpen, AttemptNotFound, NoMoreAppeals
from deployments.enrollments.progress import HUNDRED, percent
from deployments.enrollments.repository.appeals import Appeal, AppealRepository
from deployments.enrollments.repository.coursework import CourseworkRepository
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Attempt, Enrollment
from deployments.enrollments.versions import Versions
from deployments.kit.errors import Invalid
from deployments.kit.principal import Principal
from deployments.kit.work import Work


@dataclass(frozen=True, kw_only=True)
class QuizAppeals:
    """Appeals against attempts, and what is marked anew where one is upheld."""

    versions: Versions
    completion: Completion

    async def appeal(self, work: Work, principal: Principal, attempt_id: UUID, reason: str) -> Appeal:
        """Appeal against the marks of one's own attempt, up to three times for a quiz.

        Raises `PeopleOnly`, `AttemptNotFound`, `AppealOpen`, `NoMoreAppeals`.
        """
        in_person(principal)
        connection = await work.connection()
        coursework, repository = CourseworkRepository(connection), AppealRepository(connection)
        found = await coursework.attempt(attempt_id)
        enrollment = await EnrollmentRepository(connection).lock(found.enrollment_id) if found else None
        if found is None or enrollment is None or enrollment.user_id != principal.user_id:
            raise AttemptNotFound()
        attempt = await coursework.attempt(attempt_id) or found  # as it is now that the enrolment is locked
        if await repository.count_of_quiz(enrollment.id, attempt.unit_id) >= MOST_APPEALS:
            raise NoMoreAppeals()
        appeal = await repository.insert(
            org_id=work.org_id, course_id=enrollment.course_id, enrollment_id=enrollment.id, submission_id=None,
            attempt_id=attempt_id, suggestion_id=None, points=attempt.points, maximum_points=attempt.maximum_points,
            graded_by=None, reason=reason,
        )  # fmt: skip
        if appeal is None:
            raise AppealOpen()
        announce(
            work, "grade.appealed", enrollment, before=enrollment, subject=appeal.id, appeal_id=appeal.id,
            submission_id=None, attempt_id=attempt_id, unit_id=attempt.unit_id, points=appeal.points,
            maximum_points=appeal.maximum_points, suggested=False,
        )  # fmt: skip
        return appeal

    async def of_attempt(self, work: Work, principal: Principal, attempt_id: UUID) -> list[Appeal]:
        """The appeals against the marks of one's own attempt, or a learner's. Raises `AttemptNotFound`."""
        connection = await work.connection()
        attempt = await CourseworkRepository(connection).attempt(attempt_id)
        if attempt is None or not await may_see(work, principal, attempt.enrollment_id):
            raise AttemptNotFound()
        return await AppealRepository(connection).of_attempt(attempt_id)

    async def mark_anew(self, work: Work, enrollment: Enrollment, attempt_id: UUID, right: Collection[str]) -> Decimal:
        """Count answers as right that were not, and let the unit and the enrolment, which is locked, follow.

        Gives the points. Raises `Invalid` where one is no question of the attempt, or was right already.
        """
        repository = CourseworkRepository(await work.connection())
        attempt = await repository.attempt(attempt_id)
        assert attempt is not None, "attempts are never deleted"
        desk = await sit_down(work, self.versions, enrollment, attempt.unit_id)
        unit = desk.version.by_id.get(attempt.unit_id)  # gone where the learner has upgraded to a version without it
        marked = _marked(attempt, right)
        if unit is not None and unit.quiz is not None:
            passed = marked.points * HUNDRED >= unit.quiz.pass_mark_percent * marked.maximum_points
            marked = replace(marked, passed=attempt.passed or passed)
        await repository.mark_anew(marked)
        announce(
            work, "quiz.regraded", enrollment, before=enrollment, unit_id=attempt.unit_id, attempt_id=attempt.id,
            number=attempt.number, points=marked.points, maximum_points=marked.maximum_points,
            quiz_score=marked.score, previous_quiz_score=attempt.score, passed=marked.passed,
            questions=marked.result,
        )  # fmt: skip
        before = desk.record.score
        score = marked.score if before is None else max(before, marked.score)
        await keep_record(work, self.completion, desk, completed=marked.passed or desk.completed, score=score)
        return marked.points


def _marked(attempt: Attempt, right: Collection[str]) -> Attempt:
    wrong = {one["question_id"] for one in attempt.result if not one["correct"]}
    if odd := [id for id in right if id not in wrong]:
        raise Invalid.field("right", "unknown_question", f"no question of the attempt that was marked wrong: {odd[0]}")
    result = [
        {**one, "correct": True, "points": one["maximum_points"]} if one["question_id"] in right else one
        for one in attempt.result
    ]
    points = sum((Decimal(one["points"]) for one in result), Decimal(0))
    return replace(attempt, result=result, points=points, score=percent(points, attempt.maximum_points))
