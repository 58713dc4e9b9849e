"""What comes in and goes out of the learning service."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from deployments.kit.paging import Page
from deployments.learning.repository import (
    BiasReport,
    Intervention,
    InterventionCount,
    LearnersIntervention,
    Model,
    Prediction,
)

_NO_NUL = r"^[^\x00]*$"
Note = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z_]+$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)]
CheckName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z_]+$")]
Outcome = Literal["helped", "no_change", "not_reached", "not_needed"]


class ModelDocument(BaseModel):
    """What `azora job train-prediction` wrote."""

    model_config = ConfigDict(extra="forbid")

    format: int
    version: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
    model: dict[str, Any]
    lineage: dict[str, Any]
    metrics: dict[str, Any]
    fairness: dict[str, Any]
    gate: dict[str, Any]
    distribution: dict[str, Any]


class ModelView(BaseModel):
    id: UUID
    kind: str
    day: int = Field(description="It knows the first so many days of an enrolment")
    version: str
    status: Literal["registered", "serving", "stopped"]
    status_reason: str
    gate_passed: bool
    registered_at: datetime
    gate: dict[str, Any]
    lineage: dict[str, Any]
    metrics: dict[str, Any]
    fairness: dict[str, Any]

    @classmethod
    def of(cls, model: Model) -> Self:
        shown = {name: getattr(model, name) for name in cls.model_fields if hasattr(model, name)}
        return cls(**shown, **{name: model.card[name] for name in ("gate", "lineage", "metrics", "fairness")})


class Models(BaseModel):
    items: list[ModelView]


class ModelServe(BaseModel):
    model_config = ConfigDict(extra="forbid")

    waived: dict[CheckName, Reason] = Field(
        default={},
        max_length=10,
        description="Why a condition of the gate that could not be measured is done without, by its name",
    )


class ModelStop(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Scored(BaseModel):
    predicted: int = Field(description="Of so many learners: those who enrolled long enough ago and are still at it")
    left_out: int = Field(description="So many of them were not, the oldest: there are more than can be compared")


class ReasonView(BaseModel):
    subject: str
    weight: float = Field(description="What it adds to the log odds: above 0 it raises the risk")
    text: str


class InterventionView(BaseModel):
    id: UUID
    kind: str
    note: str
    made_at: datetime
    outcome: Outcome | None
    outcome_note: str
    outcome_at: datetime | None

    @classmethod
    def of(cls, intervention: Intervention) -> Self:
        return cls(**{name: getattr(intervention, name) for name in cls.model_fields})


class LearnersInterventionView(InterventionView):
    prediction_id: UUID
    user_id: UUID
    enrollment_id: UUID
    enrollment_status: str = Field(description="What became of the enrolment, as it stands now")
    predicted_at: datetime
    made_by: UUID

    @classmethod
    def of(cls, intervention: LearnersIntervention) -> Self:  # type: ignore[override]
        return cls(**{name: getattr(intervention, name) for name in cls.model_fields})


class InterventionCountView(BaseModel):
    kind: str
    made: int
    open: int = Field(description="Of which no outcome was noted yet")
    helped: int
    no_change: int
    not_reached: int
    not_needed: int

    @classmethod
    def of(cls, count: InterventionCount) -> Self:
        return cls(**{name: getattr(count, name) for name in cls.model_fields})


class InterventionPage(Page[LearnersInterventionView]):
    outcomes: list[InterventionCountView] = Field(description="By kind, of the whole course, whatever the page shows")


class OwnPrediction(BaseModel):
    id: UUID
    course_id: UUID
    enrollment_id: UUID
    probability: float = Field(description="Of withdrawing or failing")
    level: Literal["low", "moderate", "high"]
    reasons: list[ReasonView]
    suggestion: str | None
    predicted_at: datetime
    model_version: str
    day: int

    @classmethod
    def of(cls, prediction: Prediction) -> Self:
        return cls(**{name: getattr(prediction, name) for name in cls.model_fields})


class PredictionView(OwnPrediction):
    user_id: UUID
    intervention: str | None = Field(description="What may help")
    interventions: list[InterventionView] = Field(description="What was done")


class OwnPredictions(BaseModel):
    items: list[OwnPrediction]


class InterventionNew(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Word
    note: Note = ""


class OutcomeSet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    note: Note = ""


class BiasReportView(BaseModel):
    id: UUID
    model_id: UUID
    reported_on: date
    verdict: Literal["fine", "alert", "stop"]
    report: dict[str, Any]

    @classmethod
    def of(cls, report: BiasReport) -> Self:
        return cls(**{name: getattr(report, name) for name in cls.model_fields})


class BiasReports(BaseModel):
    items: list[BiasReportView]
