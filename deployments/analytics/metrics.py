"""The figures that the service tells, by the names that views, trends, rankings, exports and the stream share.

Most are the aggregators' counters as they are. The rest are worked out of counters and sketches, and some of those
tell of persons: they name the group that stands behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from actors.analytics_aggregator.figures import COUNTERS
from deployments.analytics.cells import RANKS, Cell, percent, rounded
from deployments.analytics.suppression import Suppressor

Kind = Literal["count", "money", "cost", "percent", "mean", "days"]
Value = int | float | Decimal | None
SketchColumn = Literal["learners", "scores", "durations", "scorers", "finishers"]

QUANTILES = {f"p{rank * 100:.0f}": rank for rank in RANKS}
_DAY_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure. `net` ones are, over a window, the change within it; `derived` ones are more than one counter.

    `group` counts the persons behind a figure that tells about persons, exactly only where they are fewer than enough;
    None where there is nothing to tell. `weight` is the counter that ranks the candidates of a top list before the
    figure itself is worked out.
    """

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Cell], Value]
    weight: str
    net: bool = False
    derived: bool = True
    columns: frozenset[SketchColumn] = frozenset()
    group: Callable[[Cell, int], int | None] | None = None

    @property
    def personal(self) -> bool:
        """Whether small groups are withheld."""
        return self.group is not None


def mean_scorers(cell: Cell, _enough: int) -> int | None:
    """At most how many learners stand behind the mean score of a cell; None without a score.

    A grade that replaces another changes the sum but not the number of scores, so learners may be more than scores.
    """
    scored = cell.count("scored")
    return min(scored, cell.scorers) if scored > 0 else None


def scorers(cell: Cell, _enough: int) -> int | None:
    """How many learners stand behind the quantiles of a cell's scores, as far as it matters; None without a score."""
    return cell.scorers if cell.scores.count else None


def finishers(cell: Cell, _enough: int) -> int | None:
    """How many learners stand behind the durations of a cell, as far as it matters; None without one."""
    return cell.finishers if cell.durations.count else None


def enrolled(cell: Cell, enough: int) -> int | None:
    """At most how many learners stand behind the enrolments of a cell; None without one."""
    enrolments = cell.count("enrollments")
    return min(enrolments, cell.crowd(enough)) if enrolments else None


def _counter(name: str) -> Metric:
    declared = COUNTERS[name]
    return Metric(
        name=name, kind="count", meaning=declared.meaning, net=declared.net, derived=False,
        weight=name, read=lambda cell: cell.count(name),
    )  # fmt: skip


def _amount(name: str, counter: str, kind: Kind, exponent: int, meaning: str) -> Metric:
    return Metric(
        name=name, kind=kind, meaning=meaning, derived=False, weight=counter,
        read=lambda cell: Decimal(cell.count(counter)).scaleb(exponent),
    )  # fmt: skip


def _score_quantile(name: str, rank: float) -> Metric:
    def read(cell: Cell) -> Value:
        found = cell.scores.at.get(rank)
        return None if found is None else rounded(found)

    meaning = f"{round(rank * 100)} % of the scores are at most this, in percent; about"
    columns: frozenset[SketchColumn] = frozenset({"scores", "scorers"})
    return Metric(
        name=f"score_{name}",
        kind="percent",
        meaning=meaning,
        weight="scored",
        read=read,
        columns=columns,
        group=scorers,
    )


def _days_quantile(name: str, rank: float) -> Metric:
    def read(cell: Cell) -> Value:
        found = cell.durations.at.get(rank)
        return None if found is None else round(found, _DAY_PLACES)

    meaning = f"{round(rank * 100)} % of those who completed took at most so many days from getting a seat; about"
    columns: frozenset[SketchColumn] = frozenset({"durations", "finishers"})
    return Metric(
        name=f"completion_days_{name}", kind="days", meaning=meaning, weight="completions", read=read, columns=columns,
        group=finishers,
    )  # fmt: skip


def _completion_rate(cell: Cell) -> Value:
    whole = cell.count("enrollments")
    return percent(cell.count("completions"), whole) if whole > 0 else None


def _rating_mean(cell: Cell) -> Value:
    reviews = cell.count("reviews")
    return rounded(cell.count("rating_points") / reviews) if reviews > 0 else None


# Told as lists or amounts, or only the parts of a mean.
_NOT_PLAIN = {
    "score_millionths", "rating_points", "revenue_cents", "ai_cost_microdollars",
    *(name for name in COUNTERS if name.startswith(("progress_", "rating_"))),
}  # fmt: skip
PLAIN = tuple(_counter(name) for name in COUNTERS if name not in _NOT_PLAIN)
AMOUNTS = (
    _amount("revenue", "revenue_cents", "money", -2, "Prices of the seats that were given for the first time"),
    _amount("ai_cost", "ai_cost_microdollars", "cost", -6, "What models cost, in US dollars"),
)
SCORE_MEAN = Metric(
    name="score_mean", kind="percent", meaning="The mean score, in percent", weight="scored",
    read=lambda cell: cell.score_mean, columns=frozenset({"scorers"}), group=mean_scorers,
)  # fmt: skip
ACTIVE_LEARNERS = Metric(
    name="active_learners", kind="count", meaning="About how many learners did something or were enrolled",
    weight="events", read=lambda cell: cell.learners, columns=frozenset({"learners"}),
    group=lambda cell, _enough: cell.learners or None,
)  # fmt: skip
SCORES = (SCORE_MEAN, *(_score_quantile(*quantile) for quantile in QUANTILES.items()))
DAYS = tuple(_days_quantile(*quantile) for quantile in QUANTILES.items())
RATES = (
    Metric(
        name="completion_rate", kind="percent", meaning="Completions as a share of first enrolments, in percent",
        weight="enrollments", read=_completion_rate, columns=frozenset({"learners"}), group=enrolled,
    ),
    Metric(
        name="rating_mean", kind="mean", meaning="The mean rating, 1 to 5", weight="reviews", read=_rating_mean,
    ),
)  # fmt: skip

# What the whole life of a scope, a range of days, a series of windows, and a learner are told in.
TOTALS = (*PLAIN, *AMOUNTS, ACTIVE_LEARNERS, *RATES, *SCORES, *DAYS)
# Scores and times of overlapping ranges could be subtracted from one another: only days by themselves have them.
RANGES = (*(metric for metric in PLAIN if not metric.net), *AMOUNTS, ACTIVE_LEARNERS)
TRENDS = (*PLAIN, *AMOUNTS, ACTIVE_LEARNERS, *SCORES, *DAYS)
# For the same reason their windows are of one length only.
DAYS_ONLY = frozenset(metric.name for metric in (*SCORES, *DAYS))
LEARNER = (*PLAIN, *AMOUNTS, SCORE_MEAN)
_OF_UNITS = {
    "events", "units_completed", "units_reopened", "attempts", "submissions", "grades", "scored", "ai_requests",
    "views", "seconds_spent",
}  # fmt: skip
UNIT = (*(metric for metric in PLAIN if metric.name in _OF_UNITS), *SCORES)


def named(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Metrics by name."""
    return {metric.name: metric for metric in metrics}


def columns_of(metrics: Iterable[Metric]) -> frozenset[SketchColumn]:
    """The sketches that must be read for some metrics."""
    return frozenset().union(*(metric.columns for metric in metrics))


def tell(metrics: Iterable[Metric], cell: Cell, suppressor: Suppressor) -> dict[str, Any]:
    """Figures by name; those of small groups are None and named by the suppressor."""
    return {metric.name: tell_one(metric, cell, suppressor) for metric in metrics}


def tell_one(metric: Metric, cell: Cell, suppressor: Suppressor) -> Value:
    """One figure, or None where the group behind it is too small or there is nothing to tell."""
    if metric.group is None:
        return metric.read(cell)
    return suppressor.figure(metric.name, metric.read(cell), metric.group(cell, suppressor.minimum))


def progress(cell: Cell, suppressor: Suppressor) -> list[int | None]:
    """Enrolments by decile of progress, the last one 100 %.

    The funnel tells how many are below half, from there on, and at the end: each part is withheld by itself, and the
    end, which is as many as have completed, never.
    """
    cells = [max(0, cell.count(f"progress_{decile}")) for decile in range(11)]
    return [*suppressor.segments("progress", (cells[:5], cells[5:10])), cells[10]]


def ratings(cell: Cell) -> list[int]:
    """Reviews by rating, 1 to 5."""
    return [cell.count(f"rating_{rating}") for rating in range(1, 6)]


FIGURE_TYPES: Mapping[Kind, Any] = {
    "count": int, "money": Decimal, "cost": Decimal, "percent": Decimal | None, "mean": Decimal | None,
    "days": float | None,
}  # fmt: skip
