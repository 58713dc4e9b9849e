"""Making courses, changing what they are about, handing them over, deleting drafts."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from deployments.courses.cache import Page
from deployments.courses.errors import PublishedBefore
from deployments.courses.quizzes import stored
from deployments.courses.repository.courses import CourseRepository
from deployments.courses.repository.drafts import DraftRepository
from deployments.courses.schemas import CourseChange, CourseCreate, ModuleCreate, UnitCreate
from deployments.courses.service.access import taught_course
from deployments.courses.service.news import News
from deployments.courses.service.pages import Pages
from deployments.kit.errors import Forbidden, Invalid
from deployments.kit.etags import check_match
from deployments.kit.permissions import ROLES
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.ids import new_id


def unit_fields(unit: UnitCreate, module_id: UUID) -> dict[str, Any]:
    """A unit's columns, with a new id."""
    return {
        "id": new_id(),
        "module_id": module_id,
        "kind": unit.kind,
        "title": unit.title,
        "body": unit.body,
        "video_url": unit.video_url,
        "quiz": stored(unit.quiz) if unit.quiz else None,
        "assignment": stored(unit.assignment) if unit.assignment else None,
    }


class Authoring:
    def __init__(self, news: News, pages: Pages) -> None:
        self._news = news
        self._pages = pages

    async def create(self, work: Work, principal: Principal, request: CourseCreate) -> tuple[UUID, Page]:
        """Make a draft, with its modules and units where the request has some.

        Raises `Forbidden` where an instructor names another one, `Invalid` where the named person does not teach.
        """
        courses = CourseRepository(await work.connection())
        instructor_id = request.instructor_id or principal.user_id
        if instructor_id != principal.user_id:
            if not principal.may("courses.assign"):
                raise Forbidden("Only an administrator makes courses for others")
            await self._require_teacher(courses, instructor_id)
        fields = request.model_dump(exclude={"modules", "instructor_id"})
        course = await courses.insert(work.org_id, new_id(), {**fields, "instructor_id": instructor_id})
        await self._fill(DraftRepository(await work.connection(), work.org_id, course.id), request.modules)
        await self._news.say(work, "course.created.v1", course.id, instructor_id=instructor_id)
        return course.id, await self._pages.written(work, course.id)

    async def _fill(self, draft: DraftRepository, requested: list[ModuleCreate]) -> None:
        modules = [(new_id(), module) for module in requested]
        if modules:
            await draft.append_modules([{"id": id, "title": module.title} for id, module in modules])
        units = [unit_fields(unit, id) for id, module in modules for unit in module.units]
        if units:
            await draft.append_units(units)

    async def change(
        self, work: Work, principal: Principal, course_id: UUID, request: CourseChange, if_match: str | None
    ) -> Page:
        """Change the fields that the request names.

        Raises `CourseNotFound`, `NotYourCourse`, `PreconditionFailed`.
        """
        course = await taught_course(work, principal, course_id)
        check_match(if_match, course.revision)
        changed = replace(course, **request.model_dump(include=request.model_fields_set))
        await self._update(work, asdict(course), asdict(changed), course_id)
        return await self._pages.written(work, course_id)

    async def reassign(
        self, work: Work, principal: Principal, course_id: UUID, instructor_id: UUID, if_match: str | None
    ) -> Page:
        """Hand a course over. Raises `CourseNotFound`, `PreconditionFailed`, `Invalid`."""
        course = await taught_course(work, principal, course_id)
        check_match(if_match, course.revision)
        await self._require_teacher(CourseRepository(await work.connection()), instructor_id)
        await self._update(work, asdict(course), asdict(replace(course, instructor_id=instructor_id)), course_id)
        return await self._pages.written(work, course_id)

    async def _update(self, work: Work, before: dict[str, Any], after: dict[str, Any], course_id: UUID) -> None:
        fields = sorted(name for name, value in after.items() if value != before[name])
        if fields:
            await CourseRepository(await work.connection()).update(after)
            await self._news.say(work, "course.updated.v1", course_id, changed=fields)

    async def delete(self, work: Work, principal: Principal, course_id: UUID, if_match: str | None) -> None:
        """Delete a draft that was never published.

        Raises `CourseNotFound`, `NotYourCourse`, `PreconditionFailed`, `PublishedBefore`.
        """
        course = await taught_course(work, principal, course_id)
        check_match(if_match, course.revision)
        if course.status != "draft":
            raise PublishedBefore()
        await CourseRepository(await work.connection()).delete(course_id)
        await self._news.say(work, "course.deleted.v1", course_id)

    async def _require_teacher(self, courses: CourseRepository, user_id: UUID) -> None:
        role = await courses.role_of(user_id)
        if role is None or "courses.write" not in ROLES[role]:
            raise Invalid.field("instructor_id", "not_a_teacher", "must be an active person who may teach")
