"""Suggested grades."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from deployments.enrollments.endpoints.common import PREFIX, Service, learner
from deployments.enrollments.grading_schemas import (
    AgreementView,
    MethodAgreement,
    QueuedSuggestion,
    SuggestionView,
)
from deployments.enrollments.repository.suggestions import Suggestion
from deployments.enrollments.suggesting import Told
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX, slow=True)  # to suggest takes a model its time


@router.post("/submissions/{submission_id}/suggestion", status_code=201, summary="Suggest a grade, with its reasons")
async def suggest(
    submission_id: UUID, request: Request, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> SuggestionView:
    token = request.headers["authorization"].split()[-1]
    return _view(await service.suggesting.suggest(work, principal, submission_id, token))


@router.get("/submissions/{submission_id}/suggestion", summary="What was suggested last, and what became of it")
async def suggestion(
    submission_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> SuggestionView:
    return _view(await service.suggesting.latest(work, principal, submission_id))


def _view(told: Told) -> SuggestionView:
    row = {name: getattr(told.suggestion, name) for name in Suggestion.__slots__}
    return SuggestionView.model_validate(
        {**row, "user_id": told.learner_id, "submission_revision": told.submission_revision}
    )


@router.get("/courses/{course_id}/suggestions", summary="A course's suggested grades that wait, the oldest first")
async def queue(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    needs_person: Annotated[bool | None, Query(description="Only those that do, or that do not")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[QueuedSuggestion]:
    position = decode_cursor(cursor, UUID)
    rows = await service.suggesting.queue(
        work, principal, course_id, needs_person=needs_person, after=position[0] if position else None, limit=limit + 1
    )
    kept, following = split_page(rows, limit, lambda row: (row["id"],))
    items = [QueuedSuggestion.model_validate({**row, "learner": learner(row)}) for row in kept]
    return Page(items=items, next_cursor=following)


@router.get("/courses/{course_id}/agreement", summary="How far people agreed with suggested grades")
async def agreement(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service) -> AgreementView:
    rows = await service.suggesting.agreement(work, principal, course_id)
    return AgreementView(
        course_id=course_id,
        appeals=rows[0]["appeals"] if rows else 0,
        methods=[MethodAgreement.model_validate(dict(row)) for row in rows],
    )
