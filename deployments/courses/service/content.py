"""What learners read: a version's units as HTML, quizzes without their keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import orjson

from deployments.courses.errors import NotEnrolled, VersionNotFound
from deployments.courses.quizzes import shown_assignment, without_key
from deployments.courses.rendering import render, render_inline
from deployments.courses.repository.versions import Reading, VersionRepository
from deployments.courses.service.access import answers_for
from deployments.kit.errors import CourseNotFound, UnitNotFound
from deployments.kit.lru import BoundedCache
from deployments.kit.principal import Principal
from deployments.kit.work import Work

_MAXIMUM_BYTES = 64 * 1024 * 1024
_OVERHEAD_BYTES = 500


def learners_unit(unit: dict[str, Any]) -> dict[str, Any]:
    """A unit of a version as a learner may see it."""
    quiz, assignment = unit["quiz"], unit["assignment"]
    return {
        "id": unit["id"],
        "kind": unit["kind"],
        "title": unit["title"],
        "html": render(unit["body"]),
        "video_url": unit["video_url"],
        "quiz": without_key(quiz, render, render_inline) if quiz else None,
        "assignment": shown_assignment(assignment, render) if assignment else None,
    }


class Content:
    """Remembers rendered units by version and unit: neither ever changes."""

    def __init__(self, maximum_bytes: int = _MAXIMUM_BYTES) -> None:
        self._rendered: BoundedCache[tuple[UUID, str], bytes] = BoundedCache(
            maximum_bytes, lambda body: len(body) + _OVERHEAD_BYTES
        )
        # Readers of one version who miss at the same time wait for one rendering instead of each making theirs.
        self._rendering: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def read(self, work: Work, principal: Principal, course_id: UUID) -> bytes:
        """The whole version that the person may read, as JSON. Raises `CourseNotFound`, `NotEnrolled`, and
        `VersionNotFound` where nothing is published yet.
        """
        version_id, reading = await self._reading(work, principal, course_id)
        units = await self._units(work, version_id, reading)
        modules = [
            {**module, "units": [orjson.Fragment(units[unit["id"]]) for unit in module["units"]]}
            for module in reading.outline
        ]
        return orjson.dumps(
            {"course_id": course_id, "version": reading.number, "title": reading.title, "modules": modules}
        )

    async def unit(self, work: Work, principal: Principal, course_id: UUID, unit_id: UUID) -> bytes:
        """One unit of it, as JSON. Raises `UnitNotFound` and what `read` raises."""
        version_id, reading = await self._reading(work, principal, course_id)
        if unit_id not in reading.unit_ids:
            raise UnitNotFound()
        known = self._rendered.get((version_id, str(unit_id)))
        if known is None:
            unit = await VersionRepository(await work.connection()).unit(version_id, unit_id)
            known = (await self._render(version_id, [unit]))[str(unit_id)]
        return known

    async def _reading(self, work: Work, principal: Principal, course_id: UUID) -> tuple[UUID, Reading]:
        reading = await VersionRepository(await work.connection()).reading(
            course_id, principal.user_id, any_course=principal.may("courses.any")
        )
        if reading is None:
            raise CourseNotFound()
        if reading.version_id is not None:
            return reading.version_id, reading
        if answers_for(principal, reading.instructor_id):
            raise VersionNotFound("Nothing of this course is published yet")
        raise CourseNotFound() if reading.status == "draft" else NotEnrolled()

    async def _units(self, work: Work, version_id: UUID, reading: Reading) -> dict[str, bytes]:
        ids = [str(unit_id) for unit_id in reading.unit_ids]
        known = {unit_id: self._rendered.get((version_id, unit_id)) for unit_id in ids}
        if None not in known.values():
            return {unit_id: body for unit_id, body in known.items() if body is not None}
        content = await VersionRepository(await work.connection()).content(version_id)
        return await self._render(version_id, (unit for module in content["modules"] for unit in module["units"]))

    async def _render(self, version_id: UUID, units: Iterable[dict[str, Any]]) -> dict[str, bytes]:
        bodies: dict[str, bytes] = {}
        async with self._rendering.setdefault(version_id, asyncio.Lock()):
            for unit in units:
                key = (version_id, unit["id"])
                body = self._rendered.get(key)
                if body is None:
                    body = await asyncio.to_thread(_body, unit)
                    self._rendered.put(key, body)
                bodies[unit["id"]] = body
        return bodies


def _body(unit: dict[str, Any]) -> bytes:
    return orjson.dumps(learners_unit(unit))
