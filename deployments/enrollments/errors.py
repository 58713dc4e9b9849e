"""Refusals of the enrolments service."""

from __future__ import annotations

from uuid import UUID

from deployments.kit.errors import Conflict, Forbidden, NotFound


class EnrollmentNotFound(NotFound):
    type = "enrollment-not-found"
    title = "There is no such enrolment"


class SubmissionNotFound(NotFound):
    type = "submission-not-found"
    title = "There is no such submission"


class CertificateNotFound(NotFound):
    type = "certificate-not-found"
    title = "There is no such certificate"


class SuggestionNotFound(NotFound):
    type = "suggestion-not-found"
    title = "No grade has been suggested"


class AppealNotFound(NotFound):
    type = "appeal-not-found"
    title = "There is no such appeal"


class ForceNotPermitted(Forbidden):
    type = "force-not-permitted"
    title = "Only the organisation's administrators may pass over prerequisites and capacity"


class OwnSubmission(Forbidden):
    type = "own-submission"
    title = "Nobody grades their own work"


class IllegalTransition(Conflict):
    """Carries `status`, `action` and `allowed_from`, the states in which the action is possible."""

    type = "illegal-transition"
    title = "The enrolment's state does not allow this"

    def __init__(self, *, status: str, action: str, allowed_from: list[str]) -> None:
        detail = f"Cannot {action} while {status}; possible while {', '.join(allowed_from)}"
        super().__init__(detail, enrollment_status=status, action=action, allowed_from=allowed_from)


class AlreadyEnrolled(Conflict):
    """Carries `enrollment_id` and `enrollment_status`."""

    type = "already-enrolled"
    title = "The learner has an enrolment in this course already"

    def __init__(self, enrollment_id: UUID, status: str) -> None:
        super().__init__(f"The enrolment is {status}", enrollment_id=str(enrollment_id), enrollment_status=status)


class CourseNotOpen(Conflict):
    """Carries `course_status`."""

    type = "course-not-open"
    title = "The course does not take enrolments"

    def __init__(self, status: str) -> None:
        super().__init__(f"The course is {status}", course_status=status)


class PersonInactive(Conflict):
    type = "person-inactive"
    title = "The person's account is not active"


class PrerequisitesMissing(Conflict):
    """Carries `missing`: {"course_id", "title"} of each course to complete first."""

    type = "prerequisites-missing"
    title = "Other courses must be completed first"

    def __init__(self, missing: list[dict[str, str]]) -> None:
        super().__init__(f"{len(missing)} courses must be completed first", missing=missing)


class WrongUnitKind(Conflict):
    type = "wrong-unit-kind"
    title = "This kind of unit is not completed in this way"


class CompletionFinal(Conflict):
    type = "completion-final"
    title = "The course is completed; what completed it stays"


class NoAttemptsLeft(Conflict):
    type = "no-attempts-left"
    title = "All attempts at this quiz are used"


class SubmissionGraded(Conflict):
    type = "submission-graded"
    title = "The submission was graded; nothing more can be handed in"


class SubmissionSuperseded(Conflict):
    type = "submission-superseded"
    title = "The learner has handed in something newer; grade that"


class SubmissionChanged(Conflict):
    type = "submission-changed"
    title = "The submission was graded, or its grade taken back, meanwhile"
    retriable = True


class NothingToGradeBy(Conflict):
    type = "nothing-to-grade-by"
    title = "The assignment has neither references nor a rubric to suggest grades by"


class LanguageNotGraded(Conflict):
    type = "language-not-graded"
    title = "Grades are not suggested in the language of this course"


class NotGraded(Conflict):
    type = "not-graded"
    title = "The submission has no grade yet"


class AttemptNotFound(NotFound):
    type = "attempt-not-found"
    title = "There is no such attempt"


class AppealOpen(Conflict):
    type = "appeal-open"
    title = "An appeal against this grade waits for an answer"


class AppealAnswered(Conflict):
    type = "appeal-answered"
    title = "The appeal was answered or withdrawn"


class NoMoreAppeals(Conflict):
    type = "no-more-appeals"
    title = "The grades of this work were appealed against as often as can be"
