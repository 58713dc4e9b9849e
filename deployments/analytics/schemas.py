"""What the analytics service answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, create_model

from deployments.analytics import metrics
from deployments.analytics.metrics import Metric
from deployments.analytics.windows import Granularity

ScopeName = Literal["platform", "organisation", "course"]
Number = int | float | Decimal | None
_SUPPRESSED = Field(description="Figures withheld because fewer learners stand behind them than may be told of")


def _figures(name: str, told: Iterable[Metric], purpose: str, **more: Any) -> type[BaseModel]:
    """A model with a field for each metric; those about persons may be withheld."""
    fields: dict[str, Any] = {
        metric.name: (
            metrics.FIGURE_TYPES[metric.kind] | None if metric.personal else metrics.FIGURE_TYPES[metric.kind],
            Field(description=metric.meaning),
        )
        for metric in told
    }
    return create_model(name, __doc__=purpose, **fields, **more)


Totals = _figures(
    "Totals",
    metrics.TOTALS,
    "The whole life of a scope: what there is now, and what happened so far.",
    progress=(list[int | None], Field(description="Enrolments by decile of progress; the last cell is 100 %")),
    ratings=(list[int], Field(description="Reviews by rating, 1 to 5")),
)
RangeFigures = _figures("RangeFigures", metrics.RANGES, "What happened in a range of days.")
LearnerFigures = _figures(
    "LearnerFigures", (m for m in metrics.LEARNER if not m.personal), "A learner's own figures.",
    score_mean=(Decimal | None, Field(description=metrics.SCORE_MEAN.meaning)),
)  # fmt: skip
UnitFigures = _figures("UnitFigures", metrics.UNIT, "A unit's figures.")


class TotalsView(BaseModel):
    figures: Totals  # type: ignore[valid-type]
    suppressed: list[str] = _SUPPRESSED


class RangeView(BaseModel):
    """`from` and `to` are beginnings of UTC days; `to` is not part of the range."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    figures: RangeFigures  # type: ignore[valid-type]
    suppressed: list[str] = _SUPPRESSED


class Stage(BaseModel):
    """How many got so far, and which share of all that is, in percent."""

    stage: Literal["enrolled", "started", "halfway", "completed", "certified"]
    enrollments: int
    share: Decimal | None = Field(description="Of those who enrolled; null where too few did to be told of")


class FunnelView(BaseModel):
    """From enrolment to certificate."""

    scope: ScopeName
    id: UUID | None
    stages: list[Stage]
    suppressed: list[str] = _SUPPRESSED


class ScopeView(BaseModel):
    """A platform or organisation in figures."""

    scope: ScopeName
    id: UUID | None = Field(description="Null for the platform")
    as_of: datetime
    totals: TotalsView
    range: RangeView | None = Field(description="Where `from` or `to` was given")


class UnitView(BaseModel):
    """Units that older versions had and the published one has not come last, without title and kind."""

    unit_id: UUID
    title: str | None
    kind: str | None
    figures: UnitFigures  # type: ignore[valid-type]
    suppressed: list[str] = _SUPPRESSED


class CourseFiguresView(ScopeView):
    """A course in figures."""

    title: str
    funnel: list[Stage]
    units: list[UnitView]


class LearnerFiguresView(BaseModel):
    """A learner in figures. `pseudonym` is null where nothing was counted yet."""

    pseudonym: UUID | None
    first_day: date | None
    last_day: date | None
    figures: LearnerFigures  # type: ignore[valid-type]


class PseudonymView(BaseModel):
    pseudonym: UUID


class Series(BaseModel):
    """Values of each metric, one for every time. `suppressed` has the places of those withheld."""

    values: dict[str, list[Number]]
    suppressed: dict[str, list[int]]


class TrendHead(BaseModel):
    """Which windows. `times` are their beginnings, all of them; `to` is where the last one ends."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    granularity: Granularity
    times: list[datetime]


class TrendView(TrendHead, Series):
    """Figures by window; windows in which nothing happened have zeros, and null where a mean is of nothing."""


class CourseSeries(Series):
    course_id: UUID
    title: str | None = Field(description="Null for a course that was deleted")


class GroupedTrendView(TrendHead):
    """The same for several courses."""

    groups: list[CourseSeries]


class Ranked(BaseModel):
    course_id: UUID
    title: str | None
    value: Number


class TopView(BaseModel):
    """The courses with the most of a figure; those about which it is withheld take no part."""

    by: str
    start: datetime | None = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to")
    items: list[Ranked]


class CohortView(BaseModel):
    """Learners who began in one week: how many, and how many of them were active so many weeks later.

    The first cell is the cohort's own week. Cells are null where too few learners stand behind them.
    """

    cohort: date = Field(description="The Monday")
    size: int | None
    active: list[int | None]
    retention: list[Decimal | None] = Field(description="The same in percent of the cohort")
    suppressed: list[str] = _SUPPRESSED


class CohortsView(BaseModel):
    scope: ScopeName
    id: UUID | None
    cohorts: list[CohortView]


class EventFault(BaseModel):
    """A field of an event that breaks a rule; `pointer` is a JSON Pointer into the event."""

    pointer: str
    code: str
    message: str


class RefusedEvent(BaseModel):
    """An event that was not taken. `index` is its place in the batch, `id` the one it came with, where it had one."""

    index: int
    id: str | None
    errors: list[EventFault]


class Receipt(BaseModel):
    """What became of a batch. Events that are accepted are on disk."""

    accepted: int
    duplicates: int = Field(description="Known already, by source and id; ignored")
    errors: list[RefusedEvent]
