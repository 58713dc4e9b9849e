"""Behaviour up to a day, measured against the learner's own cohort.

What is usual differs between modules and terms far more than between learners: how many tasks are due, how hard they
are marked, how much there is to click. So nearly every feature is a deviation from the cohort. That carries over to
later presentations, and keeps the mix of modules that a group takes out of the comparison of groups.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from learning.prediction.cohort import Cohort, Floats
from learning.prediction.reference import Past, Usual

NAMES = (
    "made",
    "made_weighted",
    "marks",
    "marks_of_made",
    "lowest_mark",
    "failed",
    "late",
    "days_after_due",
    "last_made",
    "last_mark",
    "first_mark",
    "banked",
    "ahead",
    "ahead_mark",
    "no_clicks",
    "clicks",
    "visits",
    "clicks_per_visit",
    "unevenness",
    "registered_early",
    "registered_late",
    "repeats",
    "attempts_before",
    "credits",
)
PASS_MARK = 40.0
_LEAST_WEIGHT = 0.5  # a task that counts nothing still says something
_LEAST_MARK_DEVIATION = 5.0
_LATE_REGISTRATION_DAY = -14.0
_USUAL_CREDITS = 60.0
_MOST_DAYS = 14.0


@dataclass(frozen=True)
class Features:
    """A matrix (n learners, features), NaN where what it speaks of is not known; and what was usual, by figure, for the
    past of a model."""

    values: Floats
    usual: dict[str, Usual]


@dataclass
class _Measure:
    """Standardises figures within the cohort and remembers what was usual."""

    past: Past
    seen: dict[str, list[Usual]] = field(default_factory=lambda: defaultdict(list))

    def _usual(self, name: str, values: Floats) -> Usual:
        own = Usual.of(values)
        self.seen[name].append(own)
        return own.steadied(self.past.get(name))

    def deviation(self, name: str, values: Floats) -> Floats:
        return self._usual(name, values).centre(values)

    def standardised(self, name: str, values: Floats, least: float = 0.05) -> Floats:
        return self._usual(name, values).standardise(values, least)


def features(cohort: Cohort, day: int, past: Past | None = None) -> Features:
    """The features named in `NAMES`, from nothing that happened after the day."""
    measure = _Measure(past or {})
    columns = {**_work(cohort, day, measure), **_activity(cohort, measure), **_study(cohort)}
    values = np.column_stack([columns[name] for name in NAMES])
    return Features(values, {name: Usual.pooled(parts) for name, parts in measure.seen.items()})


def _work(cohort: Cohort, day: int, measure: _Measure) -> dict[str, Floats]:
    known = cohort.submitted <= day  # NaN is not
    due = np.flatnonzero(cohort.task_day <= day)
    due = due[np.argsort(cohort.task_day[due], kind="stable")]
    ahead = known[:, ~(cohort.task_day <= day)]
    ahead_marks = np.where(ahead, cohort.score[:, ~(cohort.task_day <= day)], np.nan)
    ahead_graded = np.isfinite(ahead_marks)
    nothing = np.full(cohort.size, np.nan)
    columns = _due_work(cohort, due, known, measure) if len(due) else dict.fromkeys(_DUE_WORK, nothing)
    columns["ahead"] = ahead.any(axis=1).astype(float)
    columns["ahead_mark"] = np.nansum(ahead_marks, axis=1) / np.maximum(1, ahead_graded.sum(axis=1)) / 100
    banked = (cohort.banked[:, due] & known[:, due]).any(axis=1).astype(float)
    columns["banked"] = np.where(np.isfinite(cohort.previous_attempts), banked, np.nan)  # only who repeats has banked
    return columns


_DUE_WORK = (
    "made", "made_weighted", "marks", "marks_of_made", "lowest_mark", "failed", "late", "days_after_due",
    "last_made", "last_mark", "first_mark",
)  # fmt: skip


def _due_work(cohort: Cohort, due: np.ndarray, known: np.ndarray, measure: _Measure) -> dict[str, Floats]:
    """Over the tasks that are due, in the order of their days. Work that was not handed in has the mark 0; what was,
    and has no mark yet, is taken for the usual, and has not failed."""
    made, mark, relative, late, after, failed = (np.zeros((cohort.size, len(due))) for _ in range(6))
    for column, task in enumerate(due):
        here = known[:, task]
        score = np.where(here, cohort.score[:, task], np.nan)
        delay = np.where(here, cohort.submitted[:, task] - cohort.task_day[task], np.nan)
        made[:, column] = measure.deviation("made", here.astype(float))
        mark[:, column] = measure.standardised("mark", np.where(here, score, 0.0), _LEAST_MARK_DEVIATION)
        relative[:, column] = measure.standardised("mark_of_made", score, _LEAST_MARK_DEVIATION)
        late[:, column] = measure.deviation("late", np.where(here, delay > 0, np.nan))
        after[:, column] = measure.deviation("days_after_due", np.clip(delay, -_MOST_DAYS, _MOST_DAYS))
        failed[:, column] = score < PASS_MARK
    weight = np.maximum(cohort.task_weight[due], _LEAST_WEIGHT)
    weight = weight / weight.sum()
    return {
        "made": made.mean(axis=1),
        "made_weighted": made @ weight,
        "marks": mark @ weight,
        "marks_of_made": relative.mean(axis=1),
        "lowest_mark": relative.min(axis=1),
        "failed": failed.mean(axis=1),
        "late": late.mean(axis=1),
        "days_after_due": after.mean(axis=1),
        "last_made": made[:, -1],
        "last_mark": mark[:, -1],
        "first_mark": mark[:, 0],
    }


_ACTIVITY = ("no_clicks", "clicks", "visits", "clicks_per_visit", "unevenness")


def _activity(cohort: Cohort, measure: _Measure) -> dict[str, Floats]:
    if not np.isfinite(cohort.clicks).any():
        return dict.fromkeys(_ACTIVITY, np.full(cohort.size, np.nan))
    clicks, visits = np.nan_to_num(cohort.clicks), np.nan_to_num(cohort.visits)
    some = (clicks > 0) & (visits > 0)
    per_visit = np.log(np.where(some, clicks, np.nan) / np.where(some, visits, np.nan))
    return {
        "no_clicks": (clicks <= 0).astype(float),
        "clicks": measure.standardised("clicks", np.log1p(clicks)),
        "visits": measure.standardised("visits", np.log1p(visits)),
        "clicks_per_visit": measure.standardised("clicks_per_visit", per_visit),
        "unevenness": _unevenness(cohort, measure),
    }


def _unevenness(cohort: Cohort, measure: _Measure) -> Floats:
    if not np.isfinite(cohort.unevenness).any():
        return np.full(cohort.size, np.nan)
    return measure.standardised("unevenness", np.log1p(cohort.unevenness))


def _study(cohort: Cohort) -> dict[str, Floats]:
    registered, before, unknown = cohort.registered_day, cohort.previous_attempts, np.nan
    return {
        "registered_early": np.clip(-registered, -30, 200) / 50,
        "registered_late": np.where(np.isfinite(registered), registered > _LATE_REGISTRATION_DAY, unknown),
        "repeats": np.where(np.isfinite(before), before > 0, unknown),
        "attempts_before": np.clip(before, 0, 3),
        "credits": np.log(np.maximum(1.0, cohort.credits) / _USUAL_CREDITS),
    }
