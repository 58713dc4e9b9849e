"""Suggesting grades for what learners hand in. People give them, or agents where people have approved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol
from uuid import UUID

from deployments.enrollments.authority import reaches, staffed
from deployments.enrollments.errors import (
    LanguageNotGraded,
    NothingToGradeBy,
    OwnSubmission,
    SubmissionChanged,
    SubmissionNotFound,
    SubmissionSuperseded,
    SuggestionNotFound,
)
from deployments.enrollments.repository.coursework import CourseworkRepository
from deployments.enrollments.repository.enrollments import EnrollmentRepository
from deployments.enrollments.repository.overview import Row
from deployments.enrollments.repository.rows import Enrollment, Submission
from deployments.enrollments.repository.suggestions import Decided, Heard, Suggestion, SuggestionRepository
from deployments.enrollments.second_opinion import SecondOpinion
from deployments.enrollments.versions import Versions
from deployments.kit.decisions import require_running
from deployments.kit.judging import Edge
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.grading.concerns import Concern
from learning.grading.rubrics import Basis, Rubric
from stores.decisions import AutomatedKind
from stores.postgres import Connection, Database

_LANGUAGE = "en"
_QUOTED = re.compile(
    r"\N{LEFT DOUBLE QUOTATION MARK}[^\N{RIGHT DOUBLE QUOTATION MARK}]*\N{RIGHT DOUBLE QUOTATION MARK}"
)
_HALVES_FROM = Decimal(4)  # points; of fewer a quarter is the least step


class Marking(Protocol):
    """What grades: `deployments.enrollments.marking.Marker`."""

    async def examine(self, basis: Basis, work: str, heard: Sequence[Heard]) -> Any: ...

    def key(self, basis: Basis) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a suggestion is made of, read before anything is computed."""

    enrollment: Enrollment
    submission: Submission
    basis: Basis
    key: str
    heard: list[Heard]
    decided: Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A suggestion, for whom, and the revision of the submission as it is now."""

    suggestion: Suggestion
    learner_id: UUID
    submission_revision: int


@dataclass(frozen=True, kw_only=True)
class Suggesting:
    """`confident`: from which confidence on a suggestion may stand without a person's look."""

    database: Database
    versions: Versions
    marking: Marking
    confident: float
    edge: Edge
    second_opinion: SecondOpinion | None = None

    async def suggest(self, work: Work, principal: Principal, submission_id: UUID, token: str) -> Told:
        """Suggest a grade for a learner's newest submission, in place of what was suggested before. `token` is the
        asker's own, for a model to be asked with.

        Raises `SubmissionNotFound`, `OwnSubmission`, `SubmissionSuperseded`, `SubmissionChanged`, `NothingToGradeBy`,
        `LanguageNotGraded`, `AutomatedDecisionsStopped`.
        """
        # Read in a transaction of its own, so that none is open while a model works.
        async with self.database.transaction(principal.org_id, readonly=True) as connection:
            await require_running(connection, principal.org_id, AutomatedKind.GRADE)
            asked = await self._asked(connection, principal, submission_id)
        found = await self.marking.examine(asked.basis, asked.submission.body, asked.heard)
        if self.second_opinion is not None:
            found = await self.second_opinion.on(token, asked.basis, asked.submission.body, found)
        fields = await self._judged(work, principal, asked, found)
        connection = await work.connection()
        await self._still(connection, principal, asked)
        suggestion = await SuggestionRepository(connection).insert(**fields)
        work.publish(
            "ai_events", "grade.suggested.v1", subject=suggestion.id, key=asked.enrollment.user_id,
            data={
                "user_id": asked.enrollment.user_id, "course_id": asked.enrollment.course_id,
                "unit_id": suggestion.unit_id, "submission_id": submission_id, "suggestion_id": suggestion.id,
                "method": suggestion.method, "model": suggestion.made_by["model"],
                "points": suggestion.points, "maximum_points": suggestion.maximum_points,
                "confidence_percent": round(100 * suggestion.confidence), "needs_person": suggestion.needs_person,
            },
        )  # fmt: skip
        return Told(
            suggestion=suggestion,
            learner_id=asked.enrollment.user_id,
            submission_revision=asked.submission.revision,
        )

    async def latest(self, work: Work, principal: Principal, submission_id: UUID) -> Told:
        """The newest suggestion for a submission. Raises `SubmissionNotFound`, `SuggestionNotFound`."""
        connection = await work.connection()
        submission, enrollment = await _reached(connection, principal, submission_id)
        found = await SuggestionRepository(connection).latest(submission_id)
        if found is None:
            raise SuggestionNotFound()
        return Told(suggestion=found, learner_id=enrollment.user_id, submission_revision=submission.revision)

    async def queue(
        self, work: Work, principal: Principal, course_id: UUID, *, needs_person: bool | None, after: UUID | None,
        limit: int,
    ) -> Sequence[Row]:  # fmt: skip
        """A course's open suggestions, the oldest first. Raises `CourseNotFound`, `NotYourCourse`."""
        connection = await work.connection()
        staffed(principal, await EnrollmentRepository(connection).course(course_id), "submissions.grade")
        return await SuggestionRepository(connection).queue(course_id, needs_person, after, limit)

    async def agreement(self, work: Work, principal: Principal, course_id: UUID) -> Sequence[Row]:
        """How a course's suggestions fared. Raises `CourseNotFound`, `NotYourCourse`."""
        connection = await work.connection()
        staffed(principal, await EnrollmentRepository(connection).course(course_id), "submissions.grade")
        return await SuggestionRepository(connection).agreement(course_id)

    async def _judged(self, work: Work, principal: Principal, asked: Asked, found: Any) -> dict[str, Any]:
        """The suggestion with its words as the constitution lets them out; without them a person has to look."""
        fields = _fields(work.org_id, principal.user_id, asked, found, self.confident)
        ruling = await self.edge.ruling(principal.org_id)
        known = (asked.submission.body, *_words_of(asked.basis))
        passed = [
            ruling.on(fields["feedback"], actor=principal.user_id, known=known),
            # What it quotes or is told to look for argues from nothing: only what is said beside that does.
            ruling.on(_own_words(fields["feedback"], asked.basis), actor=principal.user_id, recommends=True),
        ]
        for one in passed:
            if one.entry is not None:
                work.record(one.entry)
        return _let_out(fields, *(one.text for one in passed))

    async def _still(self, connection: Connection, principal: Principal, asked: Asked) -> None:
        """Lock the enrolment, and see that all is as it was before the model began."""
        if await EnrollmentRepository(connection).lock(asked.enrollment.id) is None:
            raise SubmissionNotFound()  # its learner was erased meanwhile
        await require_running(connection, principal.org_id, AutomatedKind.GRADE)
        submission = await CourseworkRepository(connection).submission(asked.submission.id)
        if submission is None:
            raise SubmissionNotFound()
        if submission.superseded:
            raise SubmissionSuperseded()
        if submission.revision != asked.submission.revision:
            raise SubmissionChanged()

    async def _asked(self, connection: Connection, principal: Principal, submission_id: UUID) -> Asked:
        submission, enrollment = await _reached(connection, principal, submission_id)
        if enrollment.user_id == principal.user_id:
            raise OwnSubmission()
        if submission.superseded:
            raise SubmissionSuperseded()
        basis = await self._basis(connection, enrollment, submission)
        repository = SuggestionRepository(connection)
        method, key = _method(basis), self.marking.key(basis)
        return Asked(
            enrollment=enrollment,
            submission=submission,
            basis=basis,
            key=key,
            heard=await repository.heard(principal.org_id, key, submission_id) if method == "references" else [],
            decided=await repository.decisions(principal.org_id, enrollment.course_id, method),
        )

    async def _basis(self, connection: Connection, enrollment: Enrollment, submission: Submission) -> Basis:
        version = await self.versions.get(connection, enrollment.version_id)
        unit = version.by_id.get(submission.unit_id)
        basis = unit.assignment.basis if unit and unit.assignment else None
        if basis is None:
            raise NothingToGradeBy()
        language = await SuggestionRepository(connection).language(enrollment.course_id)
        if language.split("-")[0] != _LANGUAGE:
            raise LanguageNotGraded(f"The course is in {language}; works in English are graded")
        return basis


async def settle(work: Work, principal: Principal, graded: Submission, learner: UUID, course_id: UUID) -> None:
    """Note a grade as the decision on what had been suggested, if anything had; and whether a person gave it, since an
    agent that gives what was suggested says nothing of how good that was."""
    assert graded.points is not None
    repository = SuggestionRepository(await work.connection())
    suggestion = await repository.to_decide(graded.id)
    by_agent = principal.acting is not None
    if suggestion is None:
        return
    if suggestion.decided_points == graded.points and (by_agent or not suggestion.decided_by_agent):
        return  # an agent that repeats what a person gave takes nothing from it
    status = "accepted" if graded.points == suggestion.points else "overridden"
    await repository.decide(
        suggestion.id, status=status, decided_by=principal.user_id, by_agent=by_agent, points=graded.points
    )
    work.publish(
        "ai_events", "grade_suggestion.decided.v1", subject=suggestion.id, key=learner,
        data={
            "user_id": learner, "course_id": course_id, "unit_id": graded.unit_id, "submission_id": graded.id,
            "suggestion_id": suggestion.id, "method": suggestion.method, "outcome": status,
            "suggested_points": suggestion.points, "points": graded.points, "maximum_points": graded.maximum_points,
        },
    )  # fmt: skip


async def _reached(connection: Connection, principal: Principal, submission_id: UUID) -> tuple[Submission, Enrollment]:
    """A submission and its enrolment, where the person may grade it. Raises `SubmissionNotFound`."""
    submission = await CourseworkRepository(connection).submission(submission_id)
    repository = EnrollmentRepository(connection)
    enrollment = await repository.find(submission.enrollment_id) if submission else None
    course = await repository.course(enrollment.course_id) if enrollment else None
    if submission is None or enrollment is None or course is None:
        raise SubmissionNotFound()
    if not reaches(principal, course.instructor_id, "submissions.grade"):
        raise SubmissionNotFound()
    return submission, enrollment


def _words_of(basis: Basis) -> list[str]:
    if isinstance(basis, Rubric):
        return [basis.task, *(text for one in basis.criteria for text in (one.title, *one.looks_for))]
    return [basis.text, *basis.references]


def _own_words(feedback: str, basis: Basis) -> str:
    """Without what is quoted, and without the words of what it is graded by."""
    said = _QUOTED.sub("", feedback)
    for text in sorted(_words_of(basis), key=len, reverse=True):
        said = said.replace(text, "")
    return said


def _let_out(fields: dict[str, Any], whole: str | None, own: str | None) -> dict[str, Any]:
    """A suggestion, by what of its feedback may go out, as a whole and of the grader's own words."""
    if whole == fields["feedback"] and own is not None:
        return fields
    # The notes and quotations say what the feedback says.
    less = {**fields, "criteria": [{**one, "quote": None, "note": ""} for one in fields["criteria"]]}
    if whole is not None and own is not None:
        return {**less, "feedback": whole}
    concerns = [*fields["concerns"], str(Concern.WITHHELD)]
    return {**less, "feedback": "", "concerns": concerns, "needs_person": True}


def _method(basis: Basis) -> str:
    return "rubric" if isinstance(basis, Rubric) else "references"


def _fields(org_id: UUID, asked_by: UUID, asked: Asked, found: Any, confident: float) -> dict[str, Any]:
    from learning.grading.calibration import calibrated

    calibration = calibrated(asked.decided.of_others, asked.decided.of_course)
    confidence = 0.0 if found.concerns else calibration.confidence(found.confidence)
    maximum = asked.submission.maximum_points
    points = points_of(calibration.share(found.share), maximum)
    return {
        "org_id": org_id,
        "course_id": asked.enrollment.course_id,
        "enrollment_id": asked.enrollment.id,
        "submission_id": asked.submission.id,
        "unit_id": asked.submission.unit_id,
        "basis": asked.key,
        "method": _method(asked.basis),
        "label": found.label,
        "model_share": found.share,
        "model_confidence": found.confidence,
        "confidence": confidence,
        "points": points,
        "maximum_points": maximum,
        "needs_person": confidence < confident,
        "concerns": [str(concern) for concern in found.concerns],
        "criteria": [asdict(one) for one in found.criteria],
        "feedback": _told(found.feedback, points_of(found.share, maximum), points, maximum),
        "made_by": {
            **found.made_by, "graded_answers_heard": found.graded_answers, "decisions_heard": calibration.decisions,
            "lean": round(calibration.lean, 4),
        },
        "asked_by": asked_by,
    }  # fmt: skip


def _told(feedback: str, own: Decimal, suggested: Decimal, maximum: Decimal) -> str:
    """The feedback, and where other points are suggested than it comes to by its own, why."""
    if own == suggested:
        return feedback
    way = "More" if suggested > own else "Less"
    return (
        f"{feedback}\n\nBy this alone it would be {own.normalize():f} of {maximum.normalize():f} points. "
        f"{way} is suggested, since teachers have given {way.lower()} for works like it."
    )


def points_of(share: float, maximum: Decimal) -> Decimal:
    """A share of the points, in halves, or in quarters where there are few."""
    step = Decimal("0.5") if maximum >= _HALVES_FROM else Decimal("0.25")
    steps = (Decimal(str(share)) * maximum / step).quantize(Decimal(1), ROUND_HALF_UP)
    return min(steps * step, maximum)
