"""Why a learner is at risk or not, in words, and what may help.

The model is linear, so each group of features adds its part to the log odds, and the parts add up to the prediction.
A reason is a part that weighs, said with the facts it stands on: without a fact there is none. Who is said to be at
risk is told what raises it most, however little that is, or where they start from. What may help is a suggestion to a
person, never something that happens by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from learning.prediction.cohort import Cohort, Floats
from learning.prediction.facts import Facts
from learning.prediction.logistic import sigmoid
from learning.prediction.model import RiskModel

LEAST_WEIGHT = 0.15
"""Log odds below which a part is not worth saying."""

COURSE = "course"
"""The subject of what holds for everybody in the course."""

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
    COURSE: ("check_in", "Get in touch and ask how they are getting on."),
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
    facts, usual = Facts(cohort, model.day), float(sigmoid(np.array([model.base(cohort)]))[0])
    return [
        _explained(learner, float(probability[row]), _told(facts, parts, row), usual, facts.started_late(row))
        for row, learner in enumerate(cohort.learners)
    ]


def _told(facts: Facts, parts: dict[str, Floats], row: int) -> list[Reason]:
    """Every part of a prediction that stands on a fact, the heaviest first."""
    found = [
        Reason(subject, round(float(part[row]), 3), text)
        for subject, part in parts.items()
        if (text := facts.about(subject, row)) is not None
    ]
    return sorted(found, key=lambda reason: -abs(reason.weight))


def _explained(learner: str, probability: float, told: list[Reason], usual: float, late_start: bool) -> Explained:
    """`usual`: the probability of who is average in everything."""
    level = level_of(probability)
    weighty = [reason for reason in told if abs(reason.weight) >= LEAST_WEIGHT]
    if level == "low":
        return Explained(learner, probability, level, weighty[:MOST_REASONS], None, None)
    cause = next((reason for reason in told if reason.weight > 0), None) or Reason(
        COURSE, 0.0, f"The average learner of this course is at {100 * usual:.0f} %"
    )
    shown = weighty[:MOST_REASONS]
    if cause not in shown:
        shown = [*shown[: MOST_REASONS - 1], cause]
    began_in_time = cause.subject == "registration" and not late_start
    helps = INTERVENTIONS["activity" if began_in_time else cause.subject]
    return Explained(learner, probability, level, shown, *helps)
