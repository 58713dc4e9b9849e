"""From cells to what is told: the documents of views and of the stream. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from actors.analytics_aggregator.figures import PLATFORM, Scope
from deployments.analytics import metrics
from deployments.analytics.cells import Cell, Subject, percent
from deployments.analytics.metrics import Metric
from deployments.analytics.repository.courses import OutlinedUnit
from deployments.analytics.repository.learners import Life
from deployments.analytics.schemas import (
    FunnelView,
    LearnerFigures,
    LearnerFiguresView,
    Number,
    RangeFigures,
    RangeView,
    ScopeName,
    Series,
    Stage,
    Totals,
    TotalsView,
    UnitFigures,
    UnitView,
)
from deployments.analytics.suppression import Suppressor
from deployments.analytics.windows import Range

_EMPTY = Cell()
_STAGES = (
    ("enrolled", "enrollments"),
    ("started", "started"),
    ("halfway", "halfway"),
    ("completed", "completions"),
    ("certified", "certificates"),
)


def scope_name(subject: Subject) -> ScopeName:
    """What clients call the kind of a subject."""
    if subject.org_id == PLATFORM:
        return "platform"
    return "course" if subject.scope is Scope.COURSE else "organisation"


def scope_id(subject: Subject) -> UUID | None:
    """The id that clients know a subject by; the platform has none."""
    return None if subject.org_id == PLATFORM else subject.id


def totals(cell: Cell, minimum: int) -> TotalsView:
    """The whole life of a scope."""
    suppressor = Suppressor(minimum)
    told = metrics.tell(metrics.TOTALS, cell, suppressor)
    figures = Totals(**told, progress=metrics.progress(cell, suppressor), ratings=metrics.ratings(cell))
    return TotalsView(figures=figures, suppressed=suppressor.names)


def range_view(cells: Iterable[Cell], span: Range, minimum: int) -> RangeView:
    """A range of days."""
    whole = Cell()
    for cell in cells:
        whole.include(cell)
    suppressor = Suppressor(minimum)
    figures = RangeFigures(**metrics.tell(metrics.RANGES, whole, suppressor))
    return RangeView(start=span.start, end=span.end, figures=figures, suppressed=suppressor.names)


def stages(cell: Cell, suppressor: Suppressor) -> list[Stage]:
    """From enrolment to certificate. The counts are told of any group, the shares are not."""
    whole, group = cell.count("enrollments"), metrics.enrolled(cell, suppressor.minimum)
    found: list[Stage] = []
    for stage, counter in _STAGES:
        count = cell.count(counter)
        share = percent(count, whole) if whole > 0 else None
        found.append(Stage(stage=stage, enrollments=count, share=suppressor.figure(f"share.{stage}", share, group)))
    return found


def funnel(subject: Subject, cell: Cell, minimum: int) -> FunnelView:
    """The funnel of a course or organisation."""
    suppressor = Suppressor(minimum)
    found = stages(cell, suppressor)
    return FunnelView(scope=scope_name(subject), id=scope_id(subject), stages=found, suppressed=suppressor.names)


def units(outline: Sequence[OutlinedUnit], cells: Mapping[UUID, Cell], minimum: int) -> list[UnitView]:
    """A course's units: those of the published version in order, then those of older ones with figures."""
    present = {unit.id: unit for unit in outline}
    former = sorted(unit_id for unit_id in cells if unit_id not in present)
    found: list[UnitView] = []
    for unit_id in (*present, *former):
        suppressor = Suppressor(minimum)
        unit = present.get(unit_id)
        told = metrics.tell(metrics.UNIT, cells.get(unit_id, _EMPTY), suppressor)
        found.append(
            UnitView(
                unit_id=unit_id,
                title=unit.title if unit else None,
                kind=unit.kind if unit else None,
                figures=UnitFigures(**told),
                suppressed=suppressor.names,
            )
        )
    return found


def learner(pseudonym: UUID | None, life: Life) -> LearnerFiguresView:
    """A learner; nothing is withheld from those who may see one."""
    figures = LearnerFigures(**{metric.name: metric.read(life.cell) for metric in metrics.LEARNER})
    return LearnerFiguresView(pseudonym=pseudonym, first_day=life.first_day, last_day=life.last_day, figures=figures)


def series(wanted: Sequence[Metric], cells: Sequence[Cell | None], minimum: int) -> Series:
    """Values of each metric for every window; a window without a cell had nothing."""
    values: dict[str, list[Number]] = {metric.name: [] for metric in wanted}
    withheld: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        suppressor = Suppressor(minimum)
        for metric in wanted:
            values[metric.name].append(metrics.tell_one(metric, cell or _EMPTY, suppressor))
        for name in suppressor.names:
            withheld.setdefault(name, []).append(place)
    return Series(values=values, suppressed=withheld)
