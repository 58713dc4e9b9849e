"""Retention by week."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from deployments.analytics import tables
from deployments.analytics.cells import Subject
from deployments.analytics.endpoints.common import PREFIX, TABLE_RESPONSES, Service, Wanted, told
from deployments.analytics.schemas import CohortsView
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)
Weeks = Annotated[int, Query(ge=1, le=104, description="How many cohorts: those of so many weeks up to this one")]


@router.get(
    "/organisation/cohorts",
    summary="Who came in one week and was active in those after",
    response_model=CohortsView,
    responses=TABLE_RESPONSES,
)
async def organisation(
    work: CurrentWork, service: Service, wanted: Wanted, weeks: Weeks = 12
) -> CohortsView | Response:
    view = await service.cohorts.of(work, Subject.organisation(work.org_id), weeks)
    return await told(view, wanted, tables.of_cohorts)


@router.get(
    "/courses/{course_id}/cohorts",
    summary="Who enrolled in one week and was active in those after",
    response_model=CohortsView,
    responses=TABLE_RESPONSES,
)
async def course(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    service: Service,
    wanted: Wanted,
    weeks: Weeks = 12,
) -> CohortsView | Response:
    subject = await service.views.course_subject(work, principal, course_id)
    return await told(await service.cohorts.of(work, subject, weeks), wanted, tables.of_cohorts)
