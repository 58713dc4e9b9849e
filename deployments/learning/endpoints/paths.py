"""What to do next, and what to see again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from deployments.kit.parameters import CurrentPrincipal, CurrentWork
from deployments.kit.routes import service_router
from deployments.learning.endpoints.common import PREFIX, Learning
from deployments.learning.path_schemas import GoalsSet, PathView, ReviewView, UnitReview

router = service_router(PREFIX)
Minutes = Annotated[int | None, Query(ge=5, le=600, description="How long one has now; else as the goals say, or 45")]


@router.get("/courses/{course_id}/path", summary="What to do next in a course, with the reasons")
async def own_path(
    course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, learning: Learning, minutes: Minutes = None
) -> PathView:
    return PathView.of(await learning.paths.own(work, principal, course_id, minutes))


@router.put("/courses/{course_id}/goals", summary="Say what one wants to learn, and in what time")
async def set_goals(
    course_id: UUID, body: GoalsSet, principal: CurrentPrincipal, work: CurrentWork, learning: Learning
) -> PathView:
    return PathView.of(await learning.paths.set_goals(work, principal, course_id, body.skill_ids, body.minutes))


@router.post(
    "/courses/{course_id}/units/{unit_id}/reviews", status_code=201, summary="Say how well one remembered a unit"
)
async def review_unit(
    course_id: UUID,
    unit_id: UUID,
    body: UnitReview,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
) -> ReviewView:
    found, title = await learning.paths.review(work, principal, course_id, unit_id, body.rating)
    return ReviewView.of(found, title)


@router.get("/courses/{course_id}/learners/{user_id}/path", summary="What a learner of a course is advised to do next")
async def learner_path(
    course_id: UUID,
    user_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    learning: Learning,
    minutes: Minutes = None,
) -> PathView:
    return PathView.of(await learning.paths.of_learner(work, principal, course_id, user_id, minutes))
