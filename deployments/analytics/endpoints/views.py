"""Scopes in figures."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from deployments.analytics import tables
from deployments.analytics.cells import Subject
from deployments.analytics.endpoints.common import PREFIX, TABLE_RESPONSES, End, Service, Start, Wanted, told
from deployments.analytics.schemas import CourseFiguresView, FunnelView, ScopeView, TopView
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.get("/platform", summary="The whole platform in figures")
async def platform(work: CurrentWork, service: Service, start: Start = None, end: End = None) -> ScopeView:
    return await service.views.platform(work, service.views.days(start, end))


@router.get("/organisation", summary="The organisation in figures")
async def organisation(work: CurrentWork, service: Service, start: Start = None, end: End = None) -> ScopeView:
    return await service.views.organisation(work, service.views.days(start, end))


@router.get("/organisation/funnel", summary="From enrolment to certificate, over all courses")
async def organisation_funnel(work: CurrentWork, service: Service) -> FunnelView:
    return await service.views.funnel(work, Subject.organisation(work.org_id))


@router.get("/courses/{course_id}", summary="A course in figures: totals, units, funnel, and a range of days")
async def course(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    start: Start = None,
    end: End = None,
) -> CourseFiguresView:
    return await service.views.course(work, principal, course_id, service.views.days(start, end))


@router.get("/courses/{course_id}/funnel", summary="From enrolment to certificate, in one course")
async def course_funnel(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, service: Service
) -> FunnelView:
    return await service.views.funnel(work, await service.views.course_subject(work, principal, course_id))


@router.get(
    "/top",
    summary="The courses with the most of a figure",
    response_model=TopView,
    responses=TABLE_RESPONSES,
)
async def top(
    work: CurrentWork,
    service: Service,
    wanted: Wanted,
    by: Annotated[str, Query(max_length=64, description="The name of a figure")] = "enrollments",
    of: Annotated[Literal["courses"], Query(description="What is ranked")] = "courses",
    start: Start = None,
    end: End = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many courses at the most")] = 10,
) -> TopView | Response:
    view = await service.rankings.courses(work, by, service.views.days(start, end), limit)
    return await told(view, wanted, tables.of_top)
