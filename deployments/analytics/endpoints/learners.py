"""Learners: oneself, and others by pseudonym."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from deployments.analytics import tables
from deployments.analytics.endpoints.common import (
    PREFIX,
    TABLE_RESPONSES,
    Asked,
    Service,
    Wanted,
    told,
)
from deployments.analytics.schemas import LearnerFiguresView, PseudonymView, TrendView
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.get("/learners/me", summary="Oneself in figures")
async def own(principal: CurrentPrincipal, work: CurrentWork, service: Service) -> LearnerFiguresView:
    pseudonym = await service.learners.pseudonym_of(work, principal.user_id)
    return await service.learners.view(work, pseudonym)


@router.get(
    "/learners/me/trends",
    summary="Oneself over time",
    response_model=TrendView,
    responses=TABLE_RESPONSES,
)
async def own_trends(
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    asked: Asked,
    wanted: Wanted,
) -> TrendView | Response:
    question = service.trends.question(asked, of_learner=True)
    pseudonym = await service.learners.pseudonym_of(work, principal.user_id)
    return await told(await service.trends.of_learner(work, pseudonym, question), wanted, tables.of_trend)


@router.get("/learners", summary="The pseudonyms of the organisation's learners, in no particular order")
async def pseudonyms(
    work: CurrentWork, service: Service, limit: Limit = 50, cursor: Cursor = None
) -> Page[PseudonymView]:
    after = decode_cursor(cursor, UUID)
    found = await service.learners.page(work, after[0] if after else None, limit + 1)
    kept, following = split_page(found, limit, lambda pseudonym: (pseudonym,))
    return Page(items=[PseudonymView(pseudonym=one) for one in kept], next_cursor=following)


@router.get("/learners/{pseudonym}", summary="A learner in figures")
async def one(pseudonym: UUID, work: CurrentWork, service: Service) -> LearnerFiguresView:
    return await service.learners.view(work, await service.learners.known(work, pseudonym))


@router.get(
    "/learners/{pseudonym}/trends", summary="A learner over time", response_model=TrendView, responses=TABLE_RESPONSES
)
async def one_trends(
    pseudonym: UUID,
    work: CurrentWork,
    service: Service,
    asked: Asked,
    wanted: Wanted,
) -> TrendView | Response:
    question = service.trends.question(asked, of_learner=True)
    known = await service.learners.known(work, pseudonym)
    return await told(await service.trends.of_learner(work, known, question), wanted, tables.of_trend)
