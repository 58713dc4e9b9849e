"""Figures over time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from deployments.analytics import documents, metrics
from deployments.analytics.cells import Cell, Subject
from deployments.analytics.metrics import Metric
from deployments.analytics.repository.cells import CellRepository
from deployments.analytics.repository.courses import CourseRepository
from deployments.analytics.repository.learners import LearnerRepository
from deployments.analytics.schemas import CourseSeries, GroupedTrendView, Series, TrendView
from deployments.analytics.windows import MAXIMUM_WINDOWS, Granularity, Kept, Range, resolve
from deployments.kit.errors import Invalid
from deployments.kit.work import Work

MAXIMUM_METRICS = 20
MAXIMUM_GROUPED_WINDOWS = 6_000
# Every window of a metric that comes from sketches brings some to merge.
MAXIMUM_SKETCHED_WINDOWS = 400
_NAMED = metrics.named(metrics.TRENDS)
_NAMED_OF_LEARNER = metrics.named(metrics.LEARNER)
DEFAULT = ("enrollments", "completions", "attempts", "active_learners")
_DEFAULT_OF_LEARNER = ("events", "units_completed", "attempts")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know, as they put it; `metrics` are names with commas between."""

    start: datetime | None
    end: datetime | None
    granularity: Granularity
    metrics: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whichever scope: windows, and metrics in order."""

    span: Range
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, kw_only=True)
class Trends:
    """Answers with dense series: a value for every window."""

    minimum_group: int
    kept: Kept

    def question(self, asked: Asked, *, of_learner: bool = False, courses: int = 1) -> Question:
        """What is asked, checked. Raises `Invalid`."""
        if of_learner:
            wanted = _chosen(asked.metrics, _NAMED_OF_LEARNER, _DEFAULT_OF_LEARNER)
        else:
            wanted = _chosen(asked.metrics, _NAMED, DEFAULT)
        sketched = not of_learner and any(metric.columns for metric in wanted)
        maximum = MAXIMUM_SKETCHED_WINDOWS if sketched else MAXIMUM_WINDOWS
        maximum = min(maximum, MAXIMUM_GROUPED_WINDOWS // courses)
        span = resolve(
            asked.start, asked.end, asked.granularity, now=datetime.now(UTC), kept=self.kept, maximum=maximum
        )
        coarse = [metric.name for metric in wanted if metric.name in metrics.DAYS_ONLY and not of_learner]
        if coarse and asked.granularity is not Granularity.DAY:
            raise _refusal("metrics", "days_only", f"only days have {', '.join(coarse)}")
        return Question(span, wanted)

    async def of_scope(self, work: Work, subject: Subject, question: Question) -> TrendView:
        """A platform, organisation or course over time."""
        await work.bind(subject.org_id)
        repository = CellRepository(await work.connection(plan_anew=True))
        cells = await repository.windows(subject, question.span, metrics.columns_of(question.metrics))
        return TrendView(**_head(question.span), **dict(await self._series(question, cells)))

    async def of_courses(self, work: Work, question: Question, ids: Sequence[UUID], limit: int) -> GroupedTrendView:
        """Courses over time: those that are named, or those with the most of the first metric in the range."""
        connection = await work.connection(plan_anew=True)
        repository = CellRepository(connection)
        titles = CourseRepository(connection)
        if not ids:
            weight = question.metrics[0].weight
            ids = await repository.ranked_courses(work.org_id, weight, question.span, limit)
        else:
            known = await titles.titles(ids)
            ids = [course_id for course_id in dict.fromkeys(ids) if course_id in known]
        columns = metrics.columns_of(question.metrics)
        cells = await repository.windows_of_courses(work.org_id, ids, question.span, columns)
        named = await titles.titles(ids)
        groups = [
            CourseSeries(course_id=course_id, title=named.get(course_id), **dict(await self._series(question, found)))
            for course_id, found in cells.items()
        ]
        return GroupedTrendView(**_head(question.span), groups=groups)

    async def of_learner(self, work: Work, pseudonym: UUID | None, question: Question) -> TrendView:
        """A learner over time, in full."""
        cells = {}
        if pseudonym is not None:
            repository = LearnerRepository(await work.connection(), work.org_id)
            cells = await repository.windows(pseudonym, question.span)
        found = documents.series(question.metrics, _dense(question.span, cells), minimum=0)
        return TrendView(**_head(question.span), **dict(found))

    async def _series(self, question: Question, cells: Mapping[datetime, Cell]) -> Series:
        # Merging sketches takes a while: nobody else waits for it.
        dense = _dense(question.span, cells)
        return await asyncio.to_thread(documents.series, question.metrics, dense, self.minimum_group)


def _chosen(names: str | None, known: dict[str, Metric], default: tuple[str, ...]) -> tuple[Metric, ...]:
    wanted = tuple(dict.fromkeys(names.split(","))) if names is not None else default
    if unknown := [name for name in wanted if name not in known]:
        message = f"unknown: {', '.join(unknown)}; known are {', '.join(known)}"
        raise _refusal("metrics", "unknown_metric", message)
    if len(wanted) > MAXIMUM_METRICS:
        raise _refusal("metrics", "too_many_metrics", f"at most {MAXIMUM_METRICS} at once")
    return tuple(known[name] for name in wanted)


def _refusal(name: str, code: str, message: str) -> Invalid:
    return Invalid([{"pointer": f"/query/{name}", "code": code, "message": message}])


def _dense(span: Range, cells: Mapping[datetime, Cell]) -> list[Cell | None]:
    return [cells.get(start) for start in span.windows()]


def _head(span: Range) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "granularity": span.granularity, "times": span.windows()}
