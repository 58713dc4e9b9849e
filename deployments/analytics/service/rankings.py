"""Top lists: the courses with the most of something."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deployments.analytics import metrics
from deployments.analytics.cells import Cell
from deployments.analytics.metrics import Metric
from deployments.analytics.repository.cells import CellRepository
from deployments.analytics.repository.courses import CourseRepository
from deployments.analytics.schemas import Ranked, TopView
from deployments.analytics.suppression import Suppressor
from deployments.analytics.windows import Range
from deployments.kit.errors import Invalid
from deployments.kit.work import Work

# A figure that is worked out is worked out for so many courses: those with the most of what it is made of.
CANDIDATES = 200
_OVER_ALL_TIME = metrics.named(metrics.TOTALS)
_IN_A_RANGE = metrics.named(metrics.RANGES)


@dataclass(frozen=True, kw_only=True)
class Rankings:
    """Answers which courses have the most."""

    minimum_group: int

    async def courses(self, work: Work, by: str, days: Range | None, limit: int) -> TopView:
        """The organisation's courses by a figure, in a range of days or over all time. Raises `Invalid`."""
        metric = (_OVER_ALL_TIME if days is None else _IN_A_RANGE).get(by)
        if metric is None:
            known = ", ".join(_OVER_ALL_TIME if days is None else _IN_A_RANGE)
            raise Invalid([{"pointer": "/query/by", "code": "unknown_metric", "message": f"known are {known}"}])
        connection = await work.connection(plan_anew=True)
        repository = CellRepository(connection)
        candidates = CANDIDATES if metric.derived else limit
        ids = await repository.ranked_courses(work.org_id, metric.weight, days, candidates)
        cells = await repository.courses(work.org_id, ids, days, metric.columns)
        ranked = await asyncio.to_thread(_rank, metric, cells, self.minimum_group)
        titles = await CourseRepository(connection).titles([course_id for course_id, _ in ranked[:limit]])
        items = [
            Ranked(course_id=course_id, title=titles.get(course_id), value=value) for course_id, value in ranked[:limit]
        ]
        return TopView(by=by, start=days.start if days else None, end=days.end if days else None, items=items)


def _rank(metric: Metric, cells: Mapping[UUID, Cell], minimum: int) -> list[tuple[UUID, Any]]:
    suppressor = Suppressor(minimum)
    told = [(course_id, metrics.tell_one(metric, cell, suppressor)) for course_id, cell in cells.items()]
    return sorted(((i, value) for i, value in told if value is not None), key=lambda one: (-one[1], one[0]))
