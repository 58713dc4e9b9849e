"""Reviews by those who learn, one each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from deployments.courses.errors import NotEnrolled, OwnCourse, ReviewNotFound
from deployments.courses.repository.reviews import Review, ReviewRepository, ReviewSort
from deployments.courses.service.access import visible_course
from deployments.courses.service.news import News
from deployments.kit.principal import Principal
from deployments.kit.work import Work


class Reviews:
    """Each method raises `CourseNotFound` besides what it names."""

    def __init__(self, news: News) -> None:
        self._news = news

    async def page(
        self,
        work: Work,
        principal: Principal,
        course_id: UUID,
        sort: ReviewSort,
        after: tuple[datetime | int, UUID] | None,
        limit: int,
    ) -> list[Review]:
        """The reviews behind a position: (creation, id) where the newest come first, (rating, id) where the best."""
        await visible_course(work, principal, course_id)
        key, review_id = after or (None, None)
        return await ReviewRepository(await work.connection()).page(course_id, sort, key, review_id, limit)

    async def write(self, work: Work, principal: Principal, course_id: UUID, rating: int, body: str) -> Review:
        """Write or rewrite one's review. Raises `OwnCourse`, `NotEnrolled`."""
        course = await visible_course(work, principal, course_id)
        if course.instructor_id == principal.user_id:
            raise OwnCourse()
        reviews = ReviewRepository(await work.connection())
        if not await reviews.has_learned(course_id, principal.user_id):
            raise NotEnrolled()
        review, replaced = await reviews.write(
            org_id=work.org_id, course_id=course_id, user_id=principal.user_id, rating=rating, body=body
        )
        await self._news.say(
            work,
            "review.written.v1",
            course_id,
            learner_id=principal.user_id,
            rating=rating,
            previous_rating=replaced,
        )
        return review

    async def delete(self, work: Work, principal: Principal, course_id: UUID) -> None:
        """Take one's review back. Raises `ReviewNotFound`."""
        await visible_course(work, principal, course_id)
        rating = await ReviewRepository(await work.connection()).delete(course_id, principal.user_id)
        if rating is None:
            raise ReviewNotFound()
        await self._news.say(work, "review.deleted.v1", course_id, learner_id=principal.user_id, rating=rating)
