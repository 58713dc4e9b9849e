"""Which courses must be completed before which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from deployments.courses.errors import PrerequisiteCycle
from deployments.courses.repository.prerequisites import Prerequisite, PrerequisiteRepository
from deployments.courses.service.access import answers_for, taught_course, visible_course
from deployments.courses.service.news import News
from deployments.kit.errors import Invalid
from deployments.kit.principal import Principal
from deployments.kit.work import Work


def find_cycle(course_id: UUID, wanted: Sequence[UUID], edges: Mapping[UUID, Sequence[UUID]]) -> list[UUID] | None:
    """The courses of a cycle that arises if `course_id` needs `wanted`, from `course_id` on; None if none does.

    `edges` gives what each other course needs. Depth first, each course once.
    """
    paths = [[course_id, prerequisite] for prerequisite in reversed(wanted)]
    seen: set[UUID] = set()
    while paths:
        path = paths.pop()
        if path[-1] == course_id:
            return path[:-1]
        if path[-1] not in seen:
            seen.add(path[-1])
            paths += [[*path, following] for following in edges.get(path[-1], ())]
    return None


class Prerequisites:
    def __init__(self, news: News) -> None:
        self._news = news

    async def read(self, work: Work, principal: Principal, course_id: UUID) -> list[Prerequisite]:
        """What the course needs, as far as the reader may see it. Raises `CourseNotFound`."""
        await visible_course(work, principal, course_id)
        return await self._seen(PrerequisiteRepository(await work.connection()), principal, course_id)

    async def replace(
        self, work: Work, principal: Principal, course_id: UUID, wanted: Sequence[UUID]
    ) -> list[Prerequisite]:
        """Make `wanted` what the course needs.

        Raises `CourseNotFound`, `NotYourCourse`, `Invalid` for courses that do not exist, `PrerequisiteCycle`.
        """
        wanted = list(dict.fromkeys(wanted))
        prerequisites = PrerequisiteRepository(await work.connection())
        await prerequisites.lock(work.org_id)
        await taught_course(work, principal, course_id)
        await self._require_known(prerequisites, principal, wanted)
        cycle = find_cycle(course_id, wanted, await prerequisites.edges(wanted))
        if cycle is not None:
            raise PrerequisiteCycle(cycle)
        await prerequisites.replace(work.org_id, course_id, wanted)
        await self._news.say(work, "course.updated.v1", course_id, changed=["prerequisites"])
        return await self._seen(prerequisites, principal, course_id)

    async def _require_known(
        self, prerequisites: PrerequisiteRepository, principal: Principal, wanted: Sequence[UUID]
    ) -> None:
        known = {course.id for course in await prerequisites.courses(wanted) if _visible(principal, course)}
        unknown = [
            {"pointer": f"/body/prerequisites/{place}", "code": "unknown_course", "message": "there is no such course"}
            for place, wanted_id in enumerate(wanted)
            if wanted_id not in known
        ]
        if unknown:
            raise Invalid(unknown)

    async def _seen(
        self, prerequisites: PrerequisiteRepository, principal: Principal, course_id: UUID
    ) -> list[Prerequisite]:
        return [course for course in await prerequisites.of(course_id) if _visible(principal, course)]


def _visible(principal: Principal, course: Prerequisite) -> bool:
    return course.status != "draft" or answers_for(principal, course.instructor_id)
