"""Making courses and changing what they are about."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from deployments.courses.endpoints.common import MEBIBYTE, PREFIX, Courses, respond
from deployments.courses.schemas import CourseChange, CourseCreate, InstructorChange, PrerequisiteChange
from deployments.courses.views import CourseView, PrerequisiteList
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, IfMatch
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.post(
    "",
    status_code=201,
    summary="Make a draft, with its modules and units if one likes",
    response_model=CourseView,
    max_body_size=8 * MEBIBYTE,
)
async def create(body: CourseCreate, principal: CurrentPrincipal, work: CurrentWork, courses: Courses) -> Response:
    course_id, page = await courses.authoring.create(work, principal, body)
    return respond(page.full, 201, location=f"{PREFIX}/{course_id}")


@router.patch("/{course_id}", summary="Change a course", response_model=CourseView)
async def change(
    course_id: UUID,
    body: CourseChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    if_match: IfMatch = None,
) -> Response:
    return respond((await courses.authoring.change(work, principal, course_id, body, if_match)).full)


@router.delete("/{course_id}", status_code=204, summary="Delete a draft that was never published")
async def delete(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses, if_match: IfMatch = None
) -> None:
    await courses.authoring.delete(work, principal, course_id, if_match)


@router.put("/{course_id}/instructor", summary="Hand a course over", response_model=CourseView)
async def reassign(
    course_id: UUID,
    body: InstructorChange,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    if_match: IfMatch = None,
) -> Response:
    return respond((await courses.authoring.reassign(work, principal, course_id, body.instructor_id, if_match)).full)


@router.put("/{course_id}/prerequisites", summary="Say what must be completed before a course")
async def replace_prerequisites(
    course_id: UUID, body: PrerequisiteChange, principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> PrerequisiteList:
    return PrerequisiteList.of(await courses.prerequisites.replace(work, principal, course_id, body.prerequisites))
