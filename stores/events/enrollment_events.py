"""What becomes of learners in their courses.

The events of one enrolment chain: `previous_status` and `previous_progress` of each are the `status` and `progress`
of the one before, so that whoever adds up differences arrives at the present state.
"""

from __future__ import annotations

from uuid import UUID

from stores.events.declarations import (
    AboutCourse,
    AboutPerson,
    Count,
    EnrollmentStatus,
    EventData,
    EventType,
    Money,
    Percent,
    Points,
    Time,
    Word,
)


class AboutEnrollment(AboutCourse, AboutPerson):
    """The enrolment as it is afterwards.

    `enrolled_at` is when the learner last got a seat; null for whoever never had one. `previous_status` is null, and
    `previous_progress` 0, where there was no enrolment before.
    """

    enrollment_id: UUID
    course_version_id: UUID
    status: EnrollmentStatus
    progress: Percent
    score: Percent | None
    previous_status: EnrollmentStatus | None
    previous_progress: Percent
    enrolled_at: Time | None


class SeatGiven(AboutEnrollment):
    """`price` is the course's, where this is the learner's first seat in it; null otherwise."""

    price: Money | None


class SeatAwaited(AboutEnrollment):
    """By a former learner, on the course's newest version."""


class EnrollmentUpgraded(AboutEnrollment):
    from_version_id: UUID


class AboutUnit(AboutEnrollment):
    unit_id: UUID


class QuestionResult(EventData):
    question_id: str
    points: Points
    maximum_points: Points
    correct: bool


class QuizAttempted(AboutUnit):
    """`quiz_score` is this attempt's; what follows for the enrolment is told by events of its own."""

    attempt_id: UUID
    number: Count
    points: Points
    maximum_points: Points
    quiz_score: Percent
    passed: bool
    questions: list[QuestionResult]


class QuizRegraded(QuizAttempted):
    """An attempt as it is marked now that an appeal was upheld. `previous_quiz_score`: as it was before; null in events
    that were written when it was not kept."""

    previous_quiz_score: Percent | None = None


class SubmissionCreated(AboutUnit):
    submission_id: UUID
    number: Count


class SubmissionGraded(AboutUnit):
    """`previous_grade` is the one that this replaces; null for a first one."""

    submission_id: UUID
    points: Points
    maximum_points: Points
    grade: Percent
    previous_grade: Percent | None
    passed: bool


class GradeAppealed(AboutUnit):
    """Against the grade of a submission, or the marks of an attempt at a quiz. `suggested`: whether a grade had been
    suggested by a model before it was given."""

    appeal_id: UUID
    submission_id: UUID | None
    attempt_id: UUID | None = None
    points: Points
    maximum_points: Points
    suggested: bool


class GradeAppealDecided(AboutEnrollment):
    """`outcome`: upheld, with `new_points`, or dismissed; `by_another`: by somebody else than who had graded."""

    appeal_id: UUID
    submission_id: UUID | None
    attempt_id: UUID | None = None
    outcome: Word
    points: Points
    new_points: Points | None
    maximum_points: Points
    by_another: bool


class CertificateIssued(AboutEnrollment):
    certificate_id: UUID


def _declare(name: str, data: type[EventData], description: str) -> EventType:
    return EventType(name=name, topic="enrollment_events", keyed_by="learner", description=description, data=data)


ENROLLMENT_EVENTS = (
    _declare("enrollment.created", SeatGiven, "A first enrolment, active or waitlisted"),
    _declare("enrollment.waitlisted", SeatAwaited, "A former learner waits for a seat again"),
    _declare("enrollment.activated", SeatGiven, "A seat was given: to the next in line, or to a former learner"),
    _declare("enrollment.upgraded", EnrollmentUpgraded, "Moved to the newest version"),
    _declare("enrollment.completed", AboutEnrollment, "Every unit is complete"),
    _declare("enrollment.dropped", AboutEnrollment, "Left"),
    _declare("enrollment.expired", AboutEnrollment, "Ran out of time"),
    _declare("unit.completed", AboutUnit, "A unit was completed"),
    _declare("unit.reopened", AboutUnit, "A unit is open again"),
    _declare("quiz.attempted", QuizAttempted, "With points and whether right, per question"),
    _declare("quiz.regraded", QuizRegraded, "An attempt was marked anew, after an appeal"),
    _declare("submission.created", SubmissionCreated, "Work was handed in"),
    _declare("submission.graded", SubmissionGraded, "With the grade, and the one it replaces"),
    _declare("grade.appealed", GradeAppealed, "A learner asks for a grade to be looked at again"),
    _declare("grade_appeal.decided", GradeAppealDecided, "A person answered an appeal"),
    _declare("certificate.issued", CertificateIssued, "The course was certified"),
)
