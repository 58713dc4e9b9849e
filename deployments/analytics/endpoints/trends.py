"""Figures over time."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from deployments.analytics import tables
from deployments.analytics.cells import Subject
from deployments.analytics.endpoints.common import (
    PREFIX,
    TABLE_RESPONSES,
    Asked,
    Service,
    Wanted,
    told,
)
from deployments.analytics.schemas import GroupedTrendView, TrendView
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)
MAXIMUM_COURSES = 20


@router.get(
    "/platform/trends", summary="The whole platform over time", response_model=TrendView, responses=TABLE_RESPONSES
)
async def platform(
    work: CurrentWork,
    service: Service,
    asked: Asked,
    wanted: Wanted,
) -> TrendView | Response:
    question = service.trends.question(asked)
    return await told(await service.trends.of_scope(work, Subject.platform(), question), wanted, tables.of_trend)


@router.get(
    "/organisation/trends", summary="The organisation over time", response_model=TrendView, responses=TABLE_RESPONSES
)
async def organisation(
    work: CurrentWork,
    service: Service,
    asked: Asked,
    wanted: Wanted,
) -> TrendView | Response:
    question = service.trends.question(asked)
    subject = Subject.organisation(work.org_id)
    return await told(await service.trends.of_scope(work, subject, question), wanted, tables.of_trend)


@router.get(
    "/trends",
    summary="The organisation's courses over time, side by side",
    response_model=GroupedTrendView,
    responses=TABLE_RESPONSES,
)
async def grouped(
    work: CurrentWork,
    service: Service,
    asked: Asked,
    wanted: Wanted,
    group_by: Annotated[Literal["course"], Query(description="What the series are of")] = "course",
    course_id: Annotated[
        list[UUID] | None,
        Query(
            max_length=MAXIMUM_COURSES,
            description="Which courses; those with the most of the first metric where it is left out",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAXIMUM_COURSES, description="How many where none is named")] = 5,
) -> GroupedTrendView | Response:
    courses = course_id or []
    question = service.trends.question(asked, courses=len(courses) or limit)
    view = await service.trends.of_courses(work, question, courses, limit)
    return await told(view, wanted, tables.of_grouped_trend)


@router.get(
    "/courses/{course_id}/trends", summary="A course over time", response_model=TrendView, responses=TABLE_RESPONSES
)
async def course(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    asked: Asked,
    wanted: Wanted,
) -> TrendView | Response:
    question = service.trends.question(asked)
    subject = await service.views.course_subject(work, principal, course_id)
    return await told(await service.trends.of_scope(work, subject, question), wanted, tables.of_trend)
