"""Models, predictions and interventions of one organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)
_MOST_KINDS = 100


class Row:
    """Frozen dataclasses that are read from rows."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Course(Row):
    """Whose course it is."""

    id: UUID
    instructor_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class Model(Row):
    """One row of `learning_models`; `card` is its document without the coefficients."""

    id: UUID
    kind: str
    day: int
    version: str
    gate_passed: bool
    status: str
    status_reason: str
    registered_at: datetime
    card: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Serving(Row):
    """The model that serves."""

    id: UUID
    version: str
    day: int


@dataclass(frozen=True, kw_only=True)
class Prediction(Row):
    """One row of `learning_predictions` with its model and interventions."""

    id: UUID
    enrollment_id: UUID
    user_id: UUID
    course_id: UUID
    probability: float
    level: str
    reasons: list[dict[str, Any]]
    intervention: str | None
    suggestion: str | None
    predicted_at: datetime
    model_version: str
    day: int
    interventions: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Intervention(Row):
    """One row of `learning_interventions`."""

    id: UUID
    kind: str
    note: str
    made_at: datetime
    outcome: str | None
    outcome_note: str
    outcome_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LearnersIntervention(Intervention):
    """One with whom it was for, and what became of their enrolment."""

    prediction_id: UUID
    user_id: UUID
    enrollment_id: UUID
    enrollment_status: str
    predicted_at: datetime
    made_by: UUID


@dataclass(frozen=True, kw_only=True)
class InterventionCount(Row):
    """How interventions of a kind came out; `open` are those of which nobody has said so yet."""

    kind: str
    made: int
    open: int
    helped: int
    no_change: int
    not_reached: int
    not_needed: int


@dataclass(frozen=True, kw_only=True)
class BiasReport(Row):
    """One row of `learning_bias_reports`."""

    id: UUID
    model_id: UUID
    reported_on: date
    verdict: str
    report: dict[str, Any]


class LearningRepository:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def course(self, course_id: UUID) -> Course | None:
        row = await _queries.course(self.connection, course_id=course_id)
        return Course.from_row(row) if row else None

    async def register(
        self,
        *,
        id: UUID,
        org_id: UUID,
        day: int,
        version: str,
        document: Mapping[str, Any],
        gate_passed: bool,
        by: UUID,
    ) -> Model:
        """The model; the one that is there where its content was registered before."""
        row = await _queries.insert_model(
            self.connection, id=id, org_id=org_id, day=day, version=version, document=document,
            gate_passed=gate_passed, registered_by=by,
        )  # fmt: skip
        return Model.from_row(row)

    async def models(self, limit: int) -> list[Model]:
        """The newest first."""
        return [Model.from_row(row) async for row in _queries.models(self.connection, limit=limit)]

    async def model(self, id: UUID) -> Model | None:
        """The model, held for a change."""
        row = await _queries.model(self.connection, id=id)
        return Model.from_row(row) if row else None

    async def waive(self, id: UUID, reasons: Sequence[Mapping[str, str]]) -> None:
        """Let the gate count as passed, and keep why."""
        await _queries.waive(self.connection, id=id, reasons=list(reasons))

    async def serve(self, id: UUID) -> None:
        """Let it serve, and no other of its kind."""
        await _queries.retire_serving(self.connection, id=id)
        await _queries.set_status(self.connection, id=id, status="serving", reason="")

    async def stop(self, id: UUID, reason: str) -> None:
        await _queries.set_status(self.connection, id=id, status="stopped", reason=reason)

    async def serving(self) -> Serving | None:
        row = await _queries.serving(self.connection)
        return Serving.from_row(row) if row else None

    async def document(self, id: UUID) -> dict[str, Any]:
        found: dict[str, Any] = await _queries.document(self.connection, id=id)
        return found

    async def cohort(self, course_id: UUID, day: int, limit: int) -> list[dict[str, Any]]:
        rows = _queries.cohort(self.connection, course_id=course_id, day=day, limit=limit)
        return [dict(row) async for row in rows]

    async def to_learn_from(self, course_id: UUID, day: int, least_decided: float, limit: int) -> list[dict[str, Any]]:
        """Those first who enrolled in a quarter of which so great a share is decided, the newest first."""
        rows = _queries.to_learn_from(
            self.connection, course_id=course_id, day=day, least_decided=least_decided, limit=limit
        )
        return [dict(row) async for row in rows]

    async def courses_with_learners(self) -> list[UUID]:
        return [row["course_id"] async for row in _queries.courses_with_learners(self.connection)]

    async def told(self, enrollments: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
        """The sealed fields of people, by their ids."""
        rows = _queries.told(self.connection, enrollments=list(enrollments))
        return {row["user_id"]: dict(row) async for row in rows}

    async def results(self, enrollments: Sequence[UUID], day: int) -> list[dict[str, Any]]:
        rows = _queries.results(self.connection, enrollments=list(enrollments), day=day)
        return [dict(row) async for row in rows]

    async def completions(self, enrollments: Sequence[UUID], day: int) -> dict[UUID, int]:
        rows = _queries.completions(self.connection, enrollments=list(enrollments), day=day)
        return {row["enrollment_id"]: row["units"] async for row in rows}

    async def record(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep predictions; one that was made of the same enrolment by the same model is replaced, but for what was
        predicted first."""
        if rows:
            await _queries.record(self.connection, rows)

    async def predictions(
        self, course_id: UUID, limit: int, probability: float | None = None, before: UUID | None = None
    ) -> list[Prediction]:
        """By the model that serves; the highest risk first, behind a position."""
        rows = _queries.predictions(
            self.connection, course_id=course_id, limit=limit, probability=probability, before=before
        )
        return [Prediction.from_row(row) async for row in rows]

    async def own_predictions(self, user_id: UUID, limit: int) -> list[Prediction]:
        rows = _queries.own_predictions(self.connection, user_id=user_id, limit=limit)
        return [Prediction.from_row(row) async for row in rows]

    async def course_of_prediction(self, id: UUID) -> Course | None:
        row = await _queries.prediction(self.connection, id=id)
        return Course(id=row["course_id"], instructor_id=row["instructor_id"], status=row["status"]) if row else None

    async def intervene(
        self, *, id: UUID, org_id: UUID, prediction_id: UUID, kind: str, note: str, by: UUID
    ) -> Intervention:
        row = await _queries.insert_intervention(
            self.connection, id=id, org_id=org_id, prediction_id=prediction_id, kind=kind, note=note, made_by=by
        )
        return Intervention.from_row(row)

    async def course_of_intervention(self, id: UUID) -> Course | None:
        row = await _queries.intervention(self.connection, id=id)
        return Course(id=id, instructor_id=row["instructor_id"], status=row["status"]) if row else None

    async def set_outcome(self, id: UUID, outcome: str, note: str) -> Intervention:
        return Intervention.from_row(await _queries.set_outcome(self.connection, id=id, outcome=outcome, note=note))

    async def interventions(self, course_id: UUID, before: UUID | None, limit: int) -> list[LearnersIntervention]:
        """A course's, of everybody and every model; the newest first, behind a position."""
        rows = _queries.interventions(self.connection, course_id=course_id, before=before, limit=limit)
        return [LearnersIntervention.from_row(row) async for row in rows]

    async def intervention_counts(self, course_id: UUID) -> list[InterventionCount]:
        """By kind, what was done most first; kinds are free, so not all of very many."""
        rows = _queries.intervention_counts(self.connection, course_id=course_id, limit=_MOST_KINDS)
        return [InterventionCount.from_row(row) async for row in rows]

    async def predicted(self, model_id: UUID, limit: int) -> list[dict[str, Any]]:
        """Predictions of a model with what became of them and the sealed fields of their people."""
        rows = _queries.predicted(self.connection, model_id=model_id, limit=limit)
        return [dict(row) async for row in rows]

    async def first_predicted(self, model_id: UUID, limit: int) -> list[dict[str, Any]]:
        """What a model predicted when it began to serve, whatever it says of the same people now."""
        rows = _queries.first_predicted(self.connection, model_id=model_id, limit=limit)
        return [dict(row) async for row in rows]

    async def write_bias_report(
        self, *, id: UUID, org_id: UUID, model_id: UUID, verdict: str, report: Mapping[str, Any]
    ) -> None:
        """Today's report of a model; one that is there is replaced."""
        await _queries.write_bias_report(
            self.connection, id=id, org_id=org_id, model_id=model_id, verdict=verdict, report=report
        )

    async def bias_reports(self, limit: int) -> list[BiasReport]:
        """The newest first."""
        return [BiasReport.from_row(row) async for row in _queries.bias_reports(self.connection, limit=limit)]
