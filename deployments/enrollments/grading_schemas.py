"""What suggesting grades and appealing against them take and give."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from deployments.enrollments.schemas import Feedback, Learner, Request

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000, pattern=r"^[^\x00]*$")]
QuestionId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Share = Annotated[float, Field(ge=0, le=1)]


class CriterionView(BaseModel):
    """What an essay gets for one line of the rubric; `quote` are its own words."""

    title: str
    points: float
    maximum_points: float
    quote: str | None
    note: str


class SuggestionView(BaseModel):
    """A suggested grade. `confidence` is the chance that a person would give about the same; `needs_person` says that
    it is too low, or that something else is the matter (`concerns`). `user_id` is the learner; with
    `submission_revision` as `If-Match` a grade that somebody gave meanwhile stays."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    course_id: UUID
    submission_id: UUID
    submission_revision: int
    enrollment_id: UUID
    user_id: UUID
    unit_id: UUID
    method: Literal["references", "rubric"]
    label: Literal["correct", "contradictory", "incorrect"] | None
    points: Decimal
    maximum_points: Decimal
    confidence: Share
    needs_person: bool
    concerns: list[str]
    criteria: list[CriterionView]
    feedback: str
    made_by: dict[str, Any] = Field(description="Method, model, its data, and what was heard of people's decisions")
    status: Literal["open", "accepted", "overridden", "replaced"]
    decided_points: Decimal | None
    decided_at: datetime | None
    decided_by_agent: bool = Field(description="Then it is no decision to learn from")
    created_at: datetime


class QueuedSuggestion(SuggestionView):
    """With the learner, and how the work begins."""

    learner: Learner
    excerpt: str
    number: int


class MethodAgreement(BaseModel):
    """How suggestions by one method fared: `agreed` are those less than a tenth of the points off what people gave."""

    method: Literal["references", "rubric"]
    decided: int
    accepted: int
    agreed: int
    confident: int = Field(description="Those that need not have waited for a person")
    confident_agreed: int
    mean_difference: Share = Field(description="As a share of the points")


class AgreementView(BaseModel):
    course_id: UUID
    appeals: int
    methods: list[MethodAgreement]


class AppealNew(Request):
    reason: Said


class AppealDecision(Request):
    """Upheld with other `points`, or of a quiz with the questions that are `right`; dismissed without any."""

    upheld: bool
    right: list[QuestionId] = Field(
        default=[], max_length=200, description="Questions of the quiz that were answered rightly after all"
    )
    points: Decimal | None = Field(default=None, ge=0, lt=1_000_000, decimal_places=2, allow_inf_nan=False)
    decision: Said = Field(description="The answer to the learner")
    feedback: Feedback | None = Field(default=None, description="In place of the former; default: it stays")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if [self.points is not None, bool(self.right)].count(True) != self.upheld:
            raise ValueError("points, or what is right, belong to an appeal that is upheld, and only there")
        return self


class AppealView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    submission_id: UUID | None = Field(description="The work, or none where it is about a quiz")
    attempt_id: UUID | None = Field(description="The attempt at a quiz")
    enrollment_id: UUID
    points: Decimal = Field(description="The grade that is appealed against")
    maximum_points: Decimal
    reason: str
    status: Literal["open", "upheld", "dismissed", "withdrawn"]
    decision: str
    decided_at: datetime | None
    new_points: Decimal | None
    created_at: datetime


class Appeals(BaseModel):
    items: list[AppealView]


class QueuedAppeal(AppealView):
    """With the learner, and the work with its feedback so far, or the answers to the quiz with how each was marked."""

    learner: Learner
    unit_id: UUID
    body: str | None
    feedback: str | None
    answers: dict[str, Any] | None
    questions: list[dict[str, Any]] | None
    suggestion_id: UUID | None
