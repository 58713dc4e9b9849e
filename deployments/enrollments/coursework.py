"""What learners do in their units: ticking off, taking quizzes, handing in work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from deployments.enrollments.announcements import announce
from deployments.enrollments.completion import Completion
from deployments.enrollments.content import Unit, UnitKind
from deployments.enrollments.desk import Desk, keep_record, sit_down
from deployments.enrollments.errors import (
    CompletionFinal,
    EnrollmentNotFound,
    NoAttemptsLeft,
    SubmissionGraded,
    WrongUnitKind,
)
from deployments.enrollments.lifecycle import Action, Status, after
from deployments.enrollments.repository.coursework import CourseworkRepository
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.rows import Attempt, Enrollment, Submission
from deployments.enrollments.scoring import Answer, Quiz, score_quiz
from deployments.enrollments.versions import Versions
from deployments.kit.errors import UnitNotFound
from deployments.kit.principal import Principal
from deployments.kit.work import Work

_TICKED = (UnitKind.TEXT, UnitKind.VIDEO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """A scored attempt, the quiz it was made at, and whether the answers may be explained now."""

    attempt: Attempt
    quiz: Quiz
    explained: bool
    attempts_left: int | None


@dataclass(frozen=True, kw_only=True)
class Coursework:
    """One learner's own work, in turn: everything locks the enrolment first."""

    versions: Versions
    completion: Completion

    async def tick(self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID) -> Enrollment:
        """Complete a text or a video. Doing it again changes nothing.

        Raises `EnrollmentNotFound`, `UnitNotFound`, `WrongUnitKind`, `IllegalTransition`.
        """
        desk, _ = await self._sit_down(work, principal, enrollment_id, unit_id, _TICKED)
        if desk.enrollment.status is Status.COMPLETED and desk.completed:
            return desk.enrollment
        after(desk.enrollment.status, Action.STUDY)
        return await keep_record(work, self.completion, desk, completed=True, score=desk.record.score)

    async def untick(self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID) -> Enrollment:
        """Undo `tick`. Raises what it raises, and `CompletionFinal` once the course is completed."""
        desk, _ = await self._sit_down(work, principal, enrollment_id, unit_id, _TICKED)
        if desk.enrollment.status is Status.COMPLETED:
            raise CompletionFinal()
        after(desk.enrollment.status, Action.STUDY)
        if not desk.completed:
            return desk.enrollment
        return await keep_record(work, self.completion, desk, completed=False, score=desk.record.score)

    async def attempt(
        self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID, answers: Mapping[str, Answer | None]
    ) -> Attempted:
        """Take a quiz. The best attempt counts; one that passes completes the unit.

        Raises `EnrollmentNotFound`, `UnitNotFound`, `WrongUnitKind`, `IllegalTransition`, `NoAttemptsLeft`, `Invalid`.
        """
        desk, unit = await self._sit_down(work, principal, enrollment_id, unit_id, (UnitKind.QUIZ,))
        quiz = unit.quiz
        assert quiz is not None
        after(desk.enrollment.status, Action.STUDY)
        repository = CourseworkRepository(await work.connection())
        used = await repository.attempts_used(enrollment_id, unit_id)
        if quiz.attempts_left(used) == 0:
            raise NoAttemptsLeft()
        result = score_quiz(quiz, answers)
        attempt = await repository.insert_attempt(desk.enrollment, unit_id, used + 1, answers, result)
        announce(
            work, "quiz.attempted", desk.enrollment, before=desk.enrollment, unit_id=unit_id, attempt_id=attempt.id,
            number=attempt.number, points=result.points, maximum_points=result.maximum_points,
            quiz_score=result.score, passed=result.passed, questions=attempt.result,
        )  # fmt: skip
        completed = result.passed or desk.completed
        await keep_record(
            work, self.completion, desk, completed=completed, score=_best(desk.record.score, result.score)
        )
        left = quiz.attempts_left(used + 1)
        return Attempted(attempt=attempt, quiz=quiz, explained=completed or left == 0, attempts_left=left)

    async def submit(
        self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID, body: str
    ) -> Submission:
        """Hand in an assignment; again until it is graded, and after a grade that failed.

        Raises `EnrollmentNotFound`, `UnitNotFound`, `WrongUnitKind`, `IllegalTransition`, `SubmissionGraded`.
        """
        desk, unit = await self._sit_down(work, principal, enrollment_id, unit_id, (UnitKind.ASSIGNMENT,))
        assignment = unit.assignment
        assert assignment is not None
        after(desk.enrollment.status, Action.STUDY)
        repository = CourseworkRepository(await work.connection())
        latest = await repository.latest_submission(enrollment_id, unit_id)
        if latest is not None and latest.points is not None and assignment.passed(latest.points, latest.maximum_points):
            raise SubmissionGraded()
        number = latest.number + 1 if latest else 1
        submission = await repository.insert_submission(
            desk.enrollment, unit_id, number, body, assignment.maximum_points
        )
        announce(
            work, "submission.created", desk.enrollment, before=desk.enrollment, subject=submission.id,
            submission_id=submission.id, unit_id=unit_id, number=number,
        )  # fmt: skip
        completed = assignment.pass_mark_percent is None or desk.completed
        await keep_record(work, self.completion, desk, completed=completed, score=desk.record.score)
        return submission

    async def _sit_down(
        self, work: Work, principal: Principal, enrollment_id: UUID, unit_id: UUID, kinds: tuple[UnitKind, ...]
    ) -> tuple[Desk, Unit]:
        enrollment = await EnrollmentRepository(await work.connection()).lock(enrollment_id)
        if enrollment is None or enrollment.user_id != principal.user_id:
            raise EnrollmentNotFound()
        desk = await sit_down(work, self.versions, enrollment, unit_id)
        unit = desk.version.by_id.get(unit_id)
        if unit is None:
            raise UnitNotFound()
        if unit.kind not in kinds:
            raise WrongUnitKind(f"The unit is of kind {unit.kind}")
        return desk, unit


def _best(before: Decimal | None, score: Decimal) -> Decimal:
    return score if before is None else max(before, score)
