"""What the enrolments service takes and gives. Percentages and points are decimal strings."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from deployments.enrollments.content import UnitKind
from deployments.enrollments.lifecycle import Status

_MAXIMUM_QUESTIONS = 1000
_MAXIMUM_OPTIONS = 100
_MAXIMUM_MAGNITUDE = 1e15  # beyond it a JSON number has lost its digits

Percent = Annotated[Decimal, Field(description="0 to 100", examples=["87.5"])]


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold null characters")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=100_000), AfterValidator(_storable)]
Feedback = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_storable)]
ShortAnswer = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_storable)]
Number = Annotated[float, Field(strict=True, ge=-_MAXIMUM_MAGNITUDE, le=_MAXIMUM_MAGNITUDE)]
AnswerBody = StrictBool | Number | ShortAnswer | Annotated[list[Key], Field(max_length=_MAXIMUM_OPTIONS)] | None


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Enrol(Request):
    course_id: UUID


class Manage(Request):
    course_id: UUID
    user_id: UUID
    force: bool = Field(default=False, description="Pass over prerequisites and capacity; for administrators")


class Answers(Request):
    """Answers by question: the id of an option, a list of them, true or false, a number, or a text.

    A question left out, or answered with null, earns nothing.
    """

    answers: dict[Key, AnswerBody] = Field(max_length=_MAXIMUM_QUESTIONS)


class HandIn(Request):
    body: Text


class Grade(Request):
    points: Decimal = Field(ge=0, lt=1_000_000, decimal_places=2, allow_inf_nan=False, examples=["8.5"])
    feedback: Feedback = ""


class EnrollmentView(BaseModel):
    """An enrolment as it is now."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    course_id: UUID
    course_title: str
    status: Status
    progress: Percent
    score: Percent | None = Field(description="Mean over the scored units")
    version_number: int = Field(description="The version of the course the learner studies")
    newest_version_number: int
    newer_version: bool = Field(description="Whether the course has a newer version to upgrade to")
    waitlist_position: int | None = Field(description="1 is next; only while waitlisted")
    enrolled_at: datetime | None
    completed_at: datetime | None
    dropped_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    revision: int


class Learner(BaseModel):
    id: UUID
    first_name: str
    last_name: str
    email: str


class LearnerView(EnrollmentView):
    """An enrolment with its learner, for those who run the course."""

    learner: Learner


class UnitView(BaseModel):
    """A learner's unit. Attempts are for quizzes; `attempts_left` is null where there is no limit."""

    unit_id: UUID
    module_id: UUID
    title: str
    kind: UnitKind
    completed_at: datetime | None
    score: Percent | None
    attempts_used: int | None
    attempts_left: int | None
    submissions: int | None = Field(description="How many were handed in; for assignments")


class ProgressView(BaseModel):
    """Every unit of the learner's version, in order."""

    enrollment_id: UUID
    status: Status
    progress: Percent
    score: Percent | None
    completed_units: int
    units: list[UnitView]


class ChangeView(BaseModel):
    """Where a learner stands after a change to a unit."""

    enrollment_id: UUID
    unit_id: UUID
    status: Status
    progress: Percent
    score: Percent | None
    completed_at: datetime | None = Field(description="When the course was completed")


class QuestionView(BaseModel):
    """One question of an attempt. The explanation comes once the unit is passed or no attempt is left."""

    question_id: str
    points: Decimal
    maximum_points: Decimal
    correct: bool
    explanation: str | None


class AttemptView(BaseModel):
    id: UUID
    number: int
    score: Percent
    points: Decimal
    maximum_points: Decimal
    passed: bool
    questions: list[QuestionView]
    answers: dict[str, Any]
    created_at: datetime


class NewAttemptView(AttemptView):
    attempts_left: int | None = Field(description="Null where there is no limit")


class SubmissionView(BaseModel):
    """Work handed in. `superseded` says that something newer replaced it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    enrollment_id: UUID
    unit_id: UUID
    number: int
    body: str
    points: Decimal | None
    maximum_points: Decimal
    feedback: str | None
    graded_at: datetime | None
    superseded: bool
    revision: int
    created_at: datetime


class QueuedSubmission(BaseModel):
    """Work to grade, or graded, in a course; `excerpt` is how it begins."""

    id: UUID
    enrollment_id: UUID
    learner: Learner
    unit_id: UUID
    number: int
    excerpt: str
    points: Decimal | None
    maximum_points: Decimal
    graded_at: datetime | None
    superseded: bool
    revision: int
    created_at: datetime


class UnitSummary(BaseModel):
    """An assessed unit over everybody who ever enrolled, whatever their status now."""

    unit_id: UUID
    title: str
    kind: UnitKind
    in_newest_version: bool
    learners_scored: int
    mean_score: Percent | None = Field(description="Of each learner's counted score; ten decimals")
    submissions_ungraded: int


class SummaryView(BaseModel):
    course_id: UUID
    enrolments: int
    by_status: dict[Status, int] = Field(description="All of the statuses; withdrawn learners are `dropped`")
    mean_progress: Percent | None = Field(description="Of those active, completed or expired; four decimals")
    units: list[UnitSummary]


class CertificateView(BaseModel):
    code: str
    token: str = Field(description="The certificate itself: a JWS in compact form")
    link: str = Field(description="Where anybody can verify it")
    issued_at: datetime
    status: Literal["valid", "revoked"]


class Claims(BaseModel):
    """What a certificate says."""

    iss: str
    iat: int
    code: str
    name: str
    course: str
    organisation: str
    completed_at: datetime
    score: Percent | None


class VerificationView(BaseModel):
    """A certificate whose signature was verified; `token` and `jwk` let anybody verify it again, offline."""

    status: Literal["valid", "revoked"]
    claims: Claims
    token: str
    jwk: dict[str, Any]
    issued_at: datetime
    revoked_at: datetime | None
