"""Models, predictions, and what was done about them."""

from __future__ import annotations

from uuid import UUID

from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router
from deployments.learning.endpoints.common import PREFIX, Learning
from deployments.learning.schemas import (
    BiasReports,
    BiasReportView,
    InterventionCountView,
    InterventionNew,
    InterventionPage,
    InterventionView,
    LearnersInterventionView,
    ModelDocument,
    Models,
    ModelServe,
    ModelStop,
    ModelView,
    OutcomeSet,
    OwnPrediction,
    OwnPredictions,
    PredictionView,
    Scored,
)

router = service_router(PREFIX)


@router.post("/models", status_code=201, summary="Register a model that a job has trained")
async def register_model(
    body: ModelDocument, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> ModelView:
    return ModelView.of(await learning.register(work, principal, body.model_dump()))


@router.get("/models", summary="Models, the newest first")
async def models(work: CurrentWork, learning: Learning, limit: Limit = 50) -> Models:
    return Models(items=[ModelView.of(model) for model in await learning.models(work, limit)])


@router.post("/models/{model_id}/serve", summary="Let a model serve")
async def serve_model(
    model_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
    body: ModelServe | None = None,
) -> ModelView:
    waived = {} if body is None else body.waived
    return ModelView.of(await learning.serve(work, principal, model_id, waived))


@router.post("/models/{model_id}/stop", summary="Stop a model for good, and hide what it predicted")
async def stop_model(model_id: UUID, body: ModelStop, work: CurrentWork, learning: Learning) -> ModelView:
    return ModelView.of(await learning.stop(work, model_id, body.reason))


@router.get("/predictions", summary="What is predicted of oneself, and why")
async def own_predictions(
    principal: CurrentPrincipal, work: CurrentWork, learning: Learning, limit: Limit = 50
) -> OwnPredictions:
    found = await learning.own_predictions(work, principal, limit)
    return OwnPredictions(items=[OwnPrediction.of(prediction) for prediction in found])


@router.post("/courses/{course_id}/predictions", summary="Predict for the learners of a course now")
async def score_course(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, learning: Learning) -> Scored:
    return Scored(**(await learning.score(work, principal, course_id))._asdict())


@router.get("/courses/{course_id}/predictions", summary="Predictions of a course, the highest risk first")
async def course_predictions(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PredictionView]:
    position = decode_cursor(cursor, float, UUID)
    found = await learning.predictions(work, principal, course_id, position, limit + 1)
    kept, following = split_page(found, limit, lambda prediction: (prediction.probability, prediction.id))
    return Page(items=[PredictionView.of(prediction) for prediction in kept], next_cursor=following)


@router.post("/predictions/{prediction_id}/interventions", status_code=201, summary="Note what was done about it")
async def intervene(
    prediction_id: UUID, body: InterventionNew, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> InterventionView:
    return InterventionView.of(await learning.intervene(work, principal, prediction_id, body.kind, body.note))


@router.get("/courses/{course_id}/interventions", summary="What was done in a course, and how it came out")
async def course_interventions(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> InterventionPage:
    position = decode_cursor(cursor, UUID)
    found, counts = await learning.interventions(
        work, principal, course_id, position[0] if position else None, limit + 1
    )
    kept, following = split_page(found, limit, lambda intervention: (intervention.id,))
    return InterventionPage(
        items=[LearnersInterventionView.of(one) for one in kept],
        next_cursor=following,
        outcomes=[InterventionCountView.of(count) for count in counts],
    )


@router.put("/interventions/{intervention_id}/outcome", summary="Note what became of an intervention")
async def set_outcome(
    intervention_id: UUID, body: OutcomeSet, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> InterventionView:
    return InterventionView.of(await learning.set_outcome(work, principal, intervention_id, body.outcome, body.note))


@router.get("/bias-reports", summary="Reports of how predictions treat groups, the newest first")
async def bias_reports(work: CurrentWork, learning: Learning, limit: Limit = 50) -> BiasReports:
    return BiasReports(items=[BiasReportView.of(report) for report in await learning.bias_reports(work, limit)])
