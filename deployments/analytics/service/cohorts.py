"""Retention: who began in one week, and how many of them were active in the weeks after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from actors.analytics_aggregator.sketches import Distinct
from deployments.analytics import documents
from deployments.analytics.cells import Subject, percent
from deployments.analytics.repository.cells import CellRepository
from deployments.analytics.schemas import CohortsView, CohortView
from deployments.analytics.suppression import Suppressor
from deployments.kit.work import Work

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, kw_only=True)
class Cohorts:
    """Answers with a matrix: cohorts by week."""

    minimum_group: int

    async def of(self, work: Work, subject: Subject, weeks: int) -> CohortsView:
        """The cohorts of the last `weeks` weeks, the present one included, the oldest first."""
        today = datetime.now(UTC).date()
        monday = today - timedelta(days=today.weekday())
        since = monday - (weeks - 1) * _WEEK
        repository = CellRepository(await work.connection(plan_anew=True))
        found = await repository.cohorts(subject, since, monday + _WEEK)
        views = await asyncio.to_thread(_matrix, found, since, monday, self.minimum_group)
        return CohortsView(scope=documents.scope_name(subject), id=documents.scope_id(subject), cohorts=views)


def _matrix(
    found: Mapping[date, Mapping[int, Sequence[bytes]]], since: date, monday: date, minimum: int
) -> list[CohortView]:
    mondays = [since + n * _WEEK for n in range((monday - since) // _WEEK + 1)]
    return [cohort_view(cohort, found.get(cohort, {}), (monday - cohort) // _WEEK, minimum) for cohort in mondays]


def cohort_view(cohort: date, weeks: Mapping[int, Sequence[bytes]], last: int, minimum: int) -> CohortView:
    """One row of the matrix: weeks 0 to `last`. Nobody's week can be told of where the cohort itself cannot."""
    suppressor = Suppressor(minimum)
    size = _distinct([part for parts in weeks.values() for part in parts])
    small = 0 < size < minimum
    active: list[int | None] = []
    for week in range(last + 1):
        count = _distinct(weeks.get(week, ()))
        active.append(suppressor.figure(f"active.{week}", count, size if small else count or None))
    return CohortView(
        cohort=cohort,
        size=suppressor.figure("size", size, size or None),
        active=active,
        retention=[None if count is None or size == 0 else percent(count, size) for count in active],
        suppressed=suppressor.names,
    )


def _distinct(parts: Sequence[bytes]) -> int:
    return round(Distinct.merged(parts).estimate) if parts else 0
