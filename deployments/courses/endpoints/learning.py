"""What learners read."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from deployments.courses.content_views import LearnersContent, LearnersUnit
from deployments.courses.endpoints.common import PREFIX, Courses, json_response
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.get("/{course_id}/content", summary="The version one learns from, in full", response_model=LearnersContent)
async def read_content(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses) -> Response:
    return json_response(await courses.content.read(work, principal, course_id))


@router.get("/{course_id}/content/{unit_id}", summary="One unit of it", response_model=LearnersUnit)
async def read_unit(
    course_id: UUID, unit_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> Response:
    return json_response(await courses.content.unit(work, principal, course_id, unit_id))
