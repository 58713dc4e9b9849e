"""Finding passages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from deployments.courses.endpoints.common import PREFIX, Courses
from deployments.courses.schemas import PassageQuery
from deployments.courses.views import PassagesView, PassageView
from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router

router = service_router(PREFIX)


@router.get("/passages", summary="Find passages of what one may read, by words and by meaning")
async def search(
    query: Annotated[PassageQuery, Query()], principal: CurrentPrincipal, work: CurrentWork, courses: Courses
) -> PassagesView:
    found = await courses.passages.search(work, principal, query)
    return PassagesView(items=[PassageView.of(one) for one in found.passages], by_meaning=found.by_meaning)
