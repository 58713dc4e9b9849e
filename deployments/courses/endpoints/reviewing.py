"""Reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from fastapi import Response

from deployments.courses.endpoints.common import PREFIX, Courses
from deployments.courses.repository.reviews import Review, ReviewSort
from deployments.courses.schemas import ReviewWrite
from deployments.courses.views import ReviewView
from deployments.kit.etags import etag
from deployments.kit.paging import Page, decode_cursor, split_page
from deployments.kit.parameters import CurrentPrincipal, CurrentWork, Cursor, Limit
from deployments.kit.routes import service_router

router = service_router(PREFIX)


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _rating(value: object) -> int:
    if not isinstance(value, int) or not 1 <= value <= 5:
        raise ValueError("not a rating")
    return value


@router.get("/{course_id}/reviews", summary="The reviews of a course")
async def reviews(
    course_id: UUID,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    sort: ReviewSort = "newest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReviewView]:
    after = decode_cursor(cursor, _moment if sort == "newest" else _rating, UUID)
    found = await courses.reviews.page(
        work, principal, course_id, sort, (after[0], after[1]) if after else None, limit + 1
    )

    def position(review: Review) -> tuple[object, ...]:
        return (review.created_at if sort == "newest" else review.rating, review.id)

    kept, following = split_page(found, limit, position)
    return Page(items=[ReviewView.of(review, principal.user_id) for review in kept], next_cursor=following)


@router.put("/{course_id}/reviews/mine", summary="Write one's review, or rewrite it")
async def write(
    course_id: UUID,
    body: ReviewWrite,
    principal: CurrentPrincipal,
    work: CurrentWork,
    courses: Courses,
    response: Response,
) -> ReviewView:
    review = await courses.reviews.write(work, principal, course_id, body.rating, body.body)
    response.headers["etag"] = etag(review.revision)
    return ReviewView.of(review, principal.user_id)


@router.delete("/{course_id}/reviews/mine", status_code=204, summary="Take one's review back")
async def delete(course_id: UUID, principal: CurrentPrincipal, work: CurrentWork, courses: Courses) -> None:
    await courses.reviews.delete(work, principal, course_id)
