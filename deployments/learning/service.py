"""The rules of the learning service: which models serve, who sees which prediction, what is done about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from deployments.kit.decisions import require_running
from deployments.kit.errors import Invalid, PeopleOnly
from deployments.kit.judging import Edge, Ruling, withheld_of
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.learning.authority import reached, reaches
from deployments.learning.errors import InterventionNotFound, ModelNotFit, ModelNotFound, PredictionNotFound
from deployments.learning.mastery import MasteryRules
from deployments.learning.paths import PathRules
from deployments.learning.repository import (
    BiasReport,
    Intervention,
    InterventionCount,
    LearnersIntervention,
    LearningRepository,
    Model,
    Prediction,
)
from deployments.learning.scoring import Models, Scored, score_course
from stores.decisions import AutomatedKind, stopped
from stores.ids import new_id
from stores.postgres import Database

_WAIVABLE = "abroca_"


class LearningService:
    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], None], database: Database) -> None:
        self._models = Models()
        self._edge = Edge.of(database, "learning", "predictions")
        self.mastery = MasteryRules(Edge.of(database, "learning", "mastery"))
        self.paths = PathRules(self.mastery, spawn, Edge.of(database, "learning", "paths"))

    async def register(self, work: Work, principal: Principal, document: dict[str, Any]) -> Model:
        """Keep a model with what it was made of. One that fails the gate is kept too, and does not serve.

        Raises `Invalid` for what is no model of this version.
        """
        artefact = await asyncio.to_thread(_read, document)
        repository = LearningRepository(await work.connection())
        gate = {"passed": artefact.passed, "checks": [asdict(check) for check in artefact.checks]}
        return await repository.register(
            id=new_id(), org_id=work.org_id, day=artefact.model.day, version=artefact.version,
            document={**document, "gate": gate}, gate_passed=artefact.passed, by=principal.user_id,
        )  # fmt: skip

    async def models(self, work: Work, limit: int) -> list[Model]:
        return await LearningRepository(await work.connection()).models(limit)

    async def serve(self, work: Work, principal: Principal, model_id: UUID, waived: Mapping[str, str]) -> Model:
        """Let a model serve in place of the one that does. `waived`: why a condition of the gate that could not be
        measured is done without, by its name. Raises `ModelNotFound`, `ModelNotFit`, `PeopleOnly`.
        """
        repository = LearningRepository(await work.connection())
        model = await repository.model(model_id)
        if model is None:
            raise ModelNotFound()
        if model.status == "stopped":
            raise ModelNotFit(model.status_reason or "The model was stopped")
        done_without = _done_without(model, waived)
        if waived:
            if principal.acting is not None:
                raise PeopleOnly()
            await repository.waive(model_id, done_without)
            work.audit(
                "learning_model.waived",
                subject=str(model_id),
                waived=[one for one in done_without if one["check"] in waived],
            )
        await repository.serve(model_id)
        return await self._again(repository, model_id)

    async def stop(self, work: Work, model_id: UUID, reason: str) -> Model:
        """Let a model never serve again, and hide what it predicted. Raises `ModelNotFound`."""
        repository = LearningRepository(await work.connection())
        if await repository.model(model_id) is None:
            raise ModelNotFound()
        await repository.stop(model_id, reason)
        return await self._again(repository, model_id)

    async def score(self, work: Work, principal: Principal, course_id: UUID) -> Scored:
        """Predict for a course now. Raises `CourseNotFound`, `NotYourCourse`, `NoModelServes`."""
        repository = LearningRepository(await work.connection())
        reached(principal, await repository.course(course_id))
        return await score_course(repository, self._models, work.org_id, course_id)

    async def predictions(
        self, work: Work, principal: Principal, course_id: UUID, position: list[Any] | None, limit: int
    ) -> list[Prediction]:
        """A course's, the highest risk first. Raises `CourseNotFound`, `NotYourCourse`, `AutomatedDecisionsStopped`."""
        ruling = await self._edge.ruling(work.org_id)
        repository = LearningRepository(await work.connection())
        reached(principal, await repository.course(course_id))
        found = await repository.predictions(course_id, limit, *(position or ()))
        return await self._shown(work, repository, ruling, found)

    async def own_predictions(self, work: Work, principal: Principal, limit: int) -> list[Prediction]:
        """What is predicted of oneself, with the reasons; not what teachers did about it."""
        ruling = await self._edge.ruling(work.org_id)
        repository = LearningRepository(await work.connection())
        found = await repository.own_predictions(principal.user_id, limit)
        return await self._shown(work, repository, ruling, found)

    @staticmethod
    async def _shown(
        work: Work, repository: LearningRepository, ruling: Ruling, found: list[Prediction]
    ) -> list[Prediction]:
        """What may be shown of them: no reason that the constitution does not let out, and nothing is recommended where
        that is stopped.

        Raises `AutomatedDecisionsStopped`.
        """
        await require_running(repository.connection, work.org_id, AutomatedKind.PREDICTION)
        withheld = await withheld_of(work, ruling, (reason["text"] for one in found for reason in one.reasons))
        shown = [
            replace(one, reasons=[reason for reason in one.reasons if reason["text"] not in withheld]) for one in found
        ]
        if await stopped(repository.connection, work.org_id, AutomatedKind.RECOMMENDATION) is None:
            return shown
        return [replace(prediction, intervention=None, suggestion=None) for prediction in shown]

    async def intervene(
        self, work: Work, principal: Principal, prediction_id: UUID, kind: str, note: str
    ) -> Intervention:
        """Note what was done about a prediction. Raises `PredictionNotFound`."""
        repository = LearningRepository(await work.connection())
        course = await repository.course_of_prediction(prediction_id)
        if course is None or not reaches(principal, course):
            raise PredictionNotFound()
        return await repository.intervene(
            id=new_id(), org_id=work.org_id, prediction_id=prediction_id, kind=kind, note=note, by=principal.user_id
        )

    async def set_outcome(
        self, work: Work, principal: Principal, intervention_id: UUID, outcome: str, note: str
    ) -> Intervention:
        """Note what became of it. Raises `InterventionNotFound`."""
        repository = LearningRepository(await work.connection())
        course = await repository.course_of_intervention(intervention_id)
        if course is None or not reaches(principal, course):
            raise InterventionNotFound()
        return await repository.set_outcome(intervention_id, outcome, note)

    async def interventions(
        self, work: Work, principal: Principal, course_id: UUID, before: UUID | None, limit: int
    ) -> tuple[list[LearnersIntervention], list[InterventionCount]]:
        """What was done in a course, the newest first, and how all of it came out. Unlike predictions it stays to be
        read when an enrolment ends, another model serves, or predicting is stopped: people did it.

        Raises `CourseNotFound`, `NotYourCourse`.
        """
        repository = LearningRepository(await work.connection())
        reached(principal, await repository.course(course_id))
        found = await repository.interventions(course_id, before, limit)
        return found, await repository.intervention_counts(course_id)

    async def bias_reports(self, work: Work, limit: int) -> list[BiasReport]:
        return await LearningRepository(await work.connection()).bias_reports(limit)

    @staticmethod
    async def _again(repository: LearningRepository, model_id: UUID) -> Model:
        model = await repository.model(model_id)
        assert model is not None
        return model


def _done_without(model: Model, waived: Mapping[str, str]) -> list[dict[str, str]]:
    """The conditions of the gate that could not be measured, each with the reason why it is done without, now or from
    before.

    Raises `ModelNotFit` where a condition fails, has no such reason, or has one though it was measured. How good a
    model is can always be measured, so it is never done without; how fair it is to a group only where that is known.
    """
    from learning.prediction.artefact import checks_of

    checks = checks_of(model.card)
    before = {one["check"]: one["reason"] for one in model.card["gate"].get("waived", ())}
    if failed := [check.name for check in checks if not check.passed and check.value is not None]:
        raise ModelNotFit(f"The model failed its gate: {', '.join(failed)}")
    unmeasured = [check.name for check in checks if check.value is None]
    if vital := [name for name in unmeasured if not name.startswith(_WAIVABLE)]:
        raise ModelNotFit(f"Not measured, and not to be done without: {', '.join(vital)}")
    if measured := sorted(waived.keys() - set(unmeasured)):
        raise ModelNotFit(f"Nothing that was measured can be done without: {', '.join(measured)}")
    reasons = {**before, **waived}
    if missing := [name for name in unmeasured if name not in reasons]:
        raise ModelNotFit(f"Not measured, and nobody has said why it may be done without: {', '.join(missing)}")
    return [{"check": name, "reason": reasons[name]} for name in unmeasured]


def _read(document: dict[str, Any]) -> Any:
    from learning.prediction.artefact import Artefact

    try:
        return Artefact.read(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(
            [{"pointer": "/body", "code": "not_a_model", "message": f"not a model that can serve: {error}"}]
        ) from error
