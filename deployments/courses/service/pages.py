"""A course's page: the hot path of the platform. Most requests are answered by the cache and never come here."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from uuid import UUID

from deployments.courses.cache import CourseCache, Page
from deployments.courses.rendering import render
from deployments.courses.repository.courses import CoursePage, CourseRepository
from deployments.courses.service.access import answers_for
from deployments.courses.views import CourseView
from deployments.kit.errors import CourseNotFound
from deployments.kit.etags import etag
from deployments.kit.principal import Principal
from deployments.kit.work import Work


class Pages:
    def __init__(self, cache: CourseCache) -> None:
        self._cache = cache

    async def read(self, work: Work, principal: Principal, course_id: UUID) -> Page:
        """The page, remembered for the next reader unless it is a draft's. Raises `CourseNotFound`."""
        with self._cache.filling(course_id) as filling:
            shown = await CourseRepository(await work.connection()).page(course_id)
            if shown is None:
                raise CourseNotFound()
            draft = shown.course.status == "draft"
            if draft and not answers_for(principal, shown.course.instructor_id):
                raise CourseNotFound()
            page = await _compose(work.org_id, shown)
            if not draft:
                self._cache.keep(filling, page)
        return page

    async def written(self, work: Work, course_id: UUID) -> Page:
        """The page as the running transaction has made it, for the answer to its writer."""
        shown = await CourseRepository(await work.connection()).page(course_id)
        assert shown is not None
        return await _compose(work.org_id, shown)


async def _compose(org_id: UUID, shown: CoursePage) -> Page:
    html = await asyncio.to_thread(render, shown.course.description)
    body = CourseView.of(shown, html).model_dump_json().encode()
    # The revision is what If-Match compares; the digest also follows ratings and names, which have none.
    return Page.of(org_id, body, etag(shown.course.revision, blake2b(body, digest_size=8).hexdigest()))
