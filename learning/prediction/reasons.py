"""Why a learner is at risk or not, in words, and what may help.

The model is linear, so each group of features adds its part to the log odds, and the parts add up to the prediction.
A reason is a part that weighs, said with the facts it stands on. What may help is a suggestion to a person, never
something that happens by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from learning.prediction.cohort import Cohort, Floats
from learning.prediction.features import PASS_MARK
from learning.prediction.model import RiskModel

LEAST_WEIGHT = 0.15
"""Log odds below which a part is not worth saying."""

MOST_REASONS = 3
HIGH_RISK = 0.5
MODERATE_RISK = 0.3

SUBJECTS: dict[str, tuple[str, ...]] = {
    "submissions": ("made", "made_weighted", "last_made"),
    "marks": ("marks", "marks_of_made", "lowest_mark", "failed", "last_mark", "first_mark"),
    "punctuality": ("late", "days_after_due"),
    "activity": ("no_clicks", "clicks", "visits", "clicks_per_visit", "unevenness"),
    "ahead": ("ahead", "ahead_mark"),
    "registration": ("registered_early", "registered_late"),
    "repeating": ("banked", "repeats", "attempts_before"),
    "load": ("credits",),
}
"""Which features speak of what. Every feature is in one of them."""

INTERVENTIONS: dict[str, tuple[str, str]] = {
    "submissions": ("contact_about_missed_work", "Ask what kept them from handing in, and agree on a new date."),
    "marks": ("offer_tutoring", "Go through the last marked work together; offer tutoring or the units it rests on."),
    "punctuality": ("plan_together", "Make a plan with dates of their own that leave a margin before the deadlines."),
    "activity": ("check_in", "Get in touch: ask how they are getting on, and point to the unit to go on with."),
    "registration": ("help_catch_up", "They started late: say what can be skipped and what cannot."),
    "repeating": ("talk_about_last_attempt", "Talk about what went wrong the last time, before it does again."),
    "load": ("review_load", "Look at all they take at the same time; a smaller load may be the better course."),
    "ahead": ("check_in", "Get in touch and ask how they are getting on."),
}


@dataclass(frozen=True)
class Reason:
    """A part of a prediction. `weight` is what it adds to the log odds: above 0 it raises the risk."""

    subject: str
    weight: float
    text: str


@dataclass(frozen=True)
class Explained:
    """A prediction with its reasons, the heaviest first, and what may help (none for those at low risk)."""

    learner: str
    probability: float
    level: str
    reasons: list[Reason]
    intervention: str | None
    suggestion: str | None


def level_of(probability: float) -> str:
    """low, moderate or high."""
    return "high" if probability >= HIGH_RISK else "moderate" if probability >= MODERATE_RISK else "low"


def explain(model: RiskModel, cohort: Cohort) -> list[Explained]:
    """Every learner's prediction, in the order of the cohort."""
    contributions = model.contributions(cohort)
    probability = model.probability(cohort)
    parts = {
        subject: contributions[:, [model.names.index(name) for name in names]].sum(axis=1)
        for subject, names in SUBJECTS.items()
    }
    words = _Words(cohort, model.day)
    return [_explained(words, parts, row, float(probability[row])) for row in range(cohort.size)]


def _explained(words: _Words, parts: dict[str, Floats], row: int, probability: float) -> Explained:
    weighty = sorted(
        ((subject, float(part[row])) for subject, part in parts.items() if abs(part[row]) >= LEAST_WEIGHT),
        key=lambda item: -abs(item[1]),
    )
    reasons = [Reason(subject, round(weight, 3), words.about(subject, row, weight > 0)) for subject, weight in weighty]
    level = level_of(probability)
    cause = next((reason.subject for reason in reasons if reason.weight > 0), "activity")
    helps = INTERVENTIONS[cause] if level != "low" else (None, None)
    return Explained(words.learner(row), probability, level, reasons[:MOST_REASONS], *helps)


class _Words:
    """Facts of a cohort as sentences."""

    def __init__(self, cohort: Cohort, day: int) -> None:
        self._cohort = cohort
        known = cohort.submitted <= day
        due = cohort.task_day <= day
        self._due = int(due.sum())
        self._made = known[:, due].sum(axis=1)
        self._late = (known[:, due] & (cohort.submitted[:, due] > cohort.task_day[due])).sum(axis=1)
        self._early = known[:, ~due].sum(axis=1)
        score = np.where(known, cohort.score, np.nan)[:, due]
        marked = np.isfinite(score).sum(axis=1)
        self._mark = np.where(marked > 0, np.nansum(score, axis=1) / np.maximum(1, marked), np.nan)
        self._usual_mark = float(np.nanmean(self._mark)) if np.isfinite(self._mark).any() else float("nan")
        self._failed = (np.nan_to_num(score, nan=100.0) < PASS_MARK).sum(axis=1)
        self._clicks = np.nan_to_num(cohort.clicks)
        self._usual_clicks = float(np.median(self._clicks)) if cohort.size else 0.0

    def learner(self, row: int) -> str:
        return self._cohort.learners[row]

    def about(self, subject: str, row: int, raises: bool) -> str:
        """A sentence on the facts behind a part."""
        return str(getattr(self, f"_{subject}")(row, raises))

    def _submissions(self, row: int, raises: bool) -> str:
        if not self._due:
            return "No work has been due yet"
        return f"Handed in {self._made[row]} of {self._due} tasks that were due"

    def _marks(self, row: int, raises: bool) -> str:
        if not np.isfinite(self._mark[row]):
            return "No marks yet"
        failed = f", {self._failed[row]} below {PASS_MARK:.0f}" if self._failed[row] else ""
        return f"Mean mark {self._mark[row]:.0f} where the course has {self._usual_mark:.0f}{failed}"

    def _punctuality(self, row: int, raises: bool) -> str:
        if not raises:
            return "Hands in in good time" if self._made[row] else "Nothing was handed in late"
        return f"{self._late[row]} of {self._made[row]} pieces of work came late"

    def _activity(self, row: int, raises: bool) -> str:
        if not self._clicks[row]:
            return "Has not opened the course material"
        usual = f"where half of the course have {self._usual_clicks:.0f} or more"
        own = f"{self._clicks[row]:.0f}"
        return f"{own} click{'' if own == '1' else 's'} in the course material {usual}"

    def _ahead(self, row: int, raises: bool) -> str:
        return "Works ahead of the dates" if self._early[row] else "Has done nothing ahead of its date yet"

    def _registration(self, row: int, raises: bool) -> str:
        day = self._cohort.registered_day[row]
        if not np.isfinite(day):
            return "The day of registration is not known"
        when = f"{-day:.0f} days before the start" if day < 0 else f"{day:.0f} days after the start"
        return f"Registered {when}"

    def _repeating(self, row: int, raises: bool) -> str:
        before = int(np.nan_to_num(self._cohort.previous_attempts[row]))
        return f"Takes this for the {_ordinal(before + 1)} time" if before else "Takes this for the first time"

    def _load(self, row: int, raises: bool) -> str:
        return f"Studies {np.nan_to_num(self._cohort.credits[row]):.0f} credits at the same time"


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
