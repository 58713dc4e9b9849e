"""Saying what happened: to the event log, and to the replicas that remember courses."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from deployments.courses.cache import CourseCache
from deployments.courses.repository.courses import CourseRepository
from deployments.kit.work import Work


class News:
    def __init__(self, cache: CourseCache) -> None:
        self._cache = cache

    def record(self, work: Work, type: str, course_id: UUID, *, learner_id: UUID | None = None, **data: Any) -> None:
        """Publish an event about a course, in the learner's order where it is about one."""
        figures = {"course_id": course_id, **({"user_id": learner_id} if learner_id else {}), **data}
        work.publish("course_events", type, subject=course_id, key=learner_id or course_id, data=figures)

    async def say(self, work: Work, type: str, course_id: UUID, *, learner_id: UUID | None = None, **data: Any) -> None:
        """Publish an event of what changes a page, and let this replica catch up before the writer hears of it.

        To be called after the last statement of the change: its message must follow those of the triggers.
        """
        self.record(work, type, course_id, learner_id=learner_id, **data)
        echo = self._cache.echo()
        if echo is not None:
            await CourseRepository(await work.connection()).notify(echo.message)
            work.after_commit(partial(self._cache.caught_up, echo))
