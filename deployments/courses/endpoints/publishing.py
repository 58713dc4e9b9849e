"""Publishing and archiving courses, and what was published."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from deployments.courses.content_views import VersionContent
from deployments.courses.endpoints.common import PREFIX, Courses, respond
from deployments.courses.views import CourseView, VersionView
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, IfMatch, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)
_GREATEST_NUMBER = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=_GREATEST_NUMBER)]


def _number(value: object) -> int:
    if not isinstance(value, int) or not 0 < value <= _GREATEST_NUMBER:
        raise ValueError("not a version's number")
    return value


@router.post("/{course_id}/publish", summary="Publish the draft as the next version")
async def publish(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses, if_match: IfMatch = None
) -> VersionView:
    return VersionView.of(await courses.publishing.publish(work, principal, course_id, if_match))


@router.post("/{course_id}/archive", summary="Take a course out of the catalogue", response_model=CourseView)
async def archive(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses, if_match: IfMatch = None
) -> Response:
    return respond((await courses.publishing.archive(work, principal, course_id, if_match)).full)


@router.get("/{course_id}/versions", summary="The versions of a course, the newest first")
async def versions(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VersionView]:
    before = decode_cursor(cursor, _number)
    found = await courses.publishing.versions(work, principal, course_id, before[0] if before else None, limit + 1)
    kept, following = split_page(found, limit, lambda version: (version.number,))
    return Page(items=[VersionView.of(version) for version in kept], next_cursor=following)


@router.get("/{course_id}/versions/{number}", summary="A version with its keys", response_model_exclude_unset=True)
async def read_version(
    course_id: UUID, number: Number, principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> VersionContent:
    version, content = await courses.publishing.version(work, principal, course_id, number)
    return VersionContent(**VersionView.of(version).model_dump(), modules=content["modules"])
