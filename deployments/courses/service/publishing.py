"""Publishing drafts as versions, and taking courses out of the catalogue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from deployments.courses.cache import Page
from deployments.courses.errors import NothingChanged, NothingToPublish, NotPublished, VersionNotFound
from deployments.courses.repository.courses import Course, CourseRepository
from deployments.courses.repository.drafts import DraftRepository
from deployments.courses.repository.versions import Version, VersionRepository
from deployments.courses.service.access import taught_course
from deployments.courses.service.news import News
from deployments.courses.service.pages import Pages
from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work


class Publishing:
    """Each method raises `CourseNotFound` and `NotYourCourse` besides what it names."""

    def __init__(self, news: News, pages: Pages) -> None:
        self._news = news
        self._pages = pages

    async def publish(self, work: Work, principal: Principal, course_id: UUID, if_match: str | None) -> Version:
        """Make the draft the version that new learners get; those who learn already keep theirs.

        An archived course comes back into the catalogue, with its last version where the draft is the same.
        Raises `NothingToPublish`, `NothingChanged`, `PreconditionFailed`.
        """
        course = await taught_course(work, principal, course_id)
        check_match(if_match, course.revision)
        version = await self._version(work, principal, course)
        await CourseRepository(await work.connection()).offer(course_id, version.id)
        await self._news.say(
            work, "course.published.v1", course_id, version_id=version.id, version=version.number, units=version.units
        )
        return version

    async def _version(self, work: Work, principal: Principal, course: Course) -> Version:
        versions = VersionRepository(await work.connection())
        draft = await DraftRepository(await work.connection(), work.org_id, course.id).read()
        if not draft.units:
            raise NothingToPublish()
        content = draft.snapshot()
        latest = await versions.latest(course.id, content)
        if latest is not None and latest.same:
            if course.status != "archived":
                raise NothingChanged()
            return await versions.summary(latest.id)
        return await versions.insert(
            org_id=work.org_id,
            course_id=course.id,
            number=latest.number + 1 if latest else 1,
            title=course.title,
            content=content,
            unit_ids=[unit.id for unit in draft.units],
            published_by=principal.user_id,
        )

    async def archive(self, work: Work, principal: Principal, course_id: UUID, if_match: str | None) -> Page:
        """Take the course out of the catalogue: nobody enrols any more, those enrolled go on.

        Raises `NotPublished`, `PreconditionFailed`.
        """
        course = await taught_course(work, principal, course_id)
        check_match(if_match, course.revision)
        if course.status != "published":
            raise NotPublished()
        await CourseRepository(await work.connection()).archive(course_id)
        await self._news.say(work, "course.archived.v1", course_id)
        return await self._pages.written(work, course_id)

    async def versions(
        self, work: Work, principal: Principal, course_id: UUID, before: int | None, limit: int
    ) -> list[Version]:
        """Versions below a number, the newest first."""
        await taught_course(work, principal, course_id, lock=False)
        return await VersionRepository(await work.connection()).page(course_id, before, limit)

    async def version(
        self, work: Work, principal: Principal, course_id: UUID, number: int
    ) -> tuple[Version, dict[str, Any]]:
        """A version and its content, with the keys of its quizzes. Raises `VersionNotFound`."""
        await taught_course(work, principal, course_id, lock=False)
        found = await VersionRepository(await work.connection()).find(course_id, number)
        if found is None:
            raise VersionNotFound()
        return found
