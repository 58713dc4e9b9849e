"""Finding and looking at courses."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from deployments.courses.endpoints.common import PREFIX, Courses, respond
from deployments.courses.schemas import CatalogueQuery
from deployments.courses.views import CatalogueEntry, CataloguePage, CourseView, Facets, PrerequisiteList
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, IfNoneMatch
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.get("", summary="Search the catalogue")
async def search(
    query: Annotated[CatalogueQuery, Query()], principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> CataloguePage:
    found = await courses.catalogue.search(work, principal, query)
    return CataloguePage(
        items=[CatalogueEntry.of(entry) for entry in found.entries],
        next_cursor=found.next_cursor,
        facets=Facets.of(found.facets) if found.facets is not None else None,
    )


@router.get(
    "/{course_id}",
    summary="A course",
    response_model=CourseView,
    responses={304: {"description": "The reader's copy is still good"}},
)
async def read(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    if_none_match: IfNoneMatch = None,
) -> Response:
    page = await courses.pages.read(work, principal, course_id)
    return respond(page.answer(if_none_match.encode("latin-1") if if_none_match else None))


@router.get("/{course_id}/prerequisites", summary="What must be completed before a course")
async def prerequisites(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> PrerequisiteList:
    return PrerequisiteList.of(await courses.prerequisites.read(work, principal, course_id))
