"""How good and how fair a risk model is on presentations it has not seen, and whether it may be served.

Presentations are held out whole and in the order of time, since a model is always used on a later one than it was
made from. A random split would flatter it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.fairness.calibration import expected_calibration_error, reliability
from learning.fairness.groups import FairnessReport, finite, report
from learning.fairness.roc import auroc
from learning.prediction.cohort import Cohort
from learning.prediction.model import RiskModel, train
from learning.prediction.reasons import HIGH_RISK

Attributes = Mapping[str, Mapping[str, str | None]]
"""Attribute -> learner in a cohort (`cohort_key`) -> the group they belong to."""


@dataclass(frozen=True)
class Check:
    """One condition of the gate. What could not be measured (`value` None) has not passed."""

    name: str
    value: float | None
    limit: float
    passed: bool


@dataclass(frozen=True)
class Gate:
    """What a model must reach on held-out learners. `most_abroca` is by attribute; others are reported only."""

    least_auroc: float = 0.815
    most_calibration_error: float = 0.025
    most_abroca: tuple[tuple[str, float], ...] = (("gender", 0.05), ("disability", 0.03))

    def checks(self, quality: float | None, error: float | None, abroca: Mapping[str, float | None]) -> list[Check]:
        """Its conditions, of an AUROC, an expected calibration error and ABROCA by attribute."""
        most = [("expected_calibration_error", error, self.most_calibration_error)]
        most += [(f"abroca_{attribute}", abroca.get(attribute), limit) for attribute, limit in self.most_abroca]
        return [
            Check("auroc", quality, self.least_auroc, quality is not None and quality >= self.least_auroc),
            *(Check(name, value, limit, value is not None and value <= limit) for name, value, limit in most),
        ]


@dataclass(frozen=True)
class Evaluation:
    """A model on learners whose outcomes are known."""

    learners: int
    auroc: float | None
    expected_calibration_error: float
    observed_rate: float
    mean_probability: float
    reliability: list[dict[str, float]]
    fairness: FairnessReport

    def checks(self, gate: Gate) -> list[Check]:
        """The conditions of a gate."""
        abroca = {figures.attribute: figures.abroca for figures in self.fairness.attributes}
        return gate.checks(self.auroc, self.expected_calibration_error, abroca)

    def summary(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "learners": self.learners,
            "auroc": self.auroc,
            "expected_calibration_error": self.expected_calibration_error,
            "observed_rate": self.observed_rate,
            "mean_probability": self.mean_probability,
            **{f"abroca_{figures.attribute}": figures.abroca for figures in self.fairness.attributes},
        }


def cohort_key(cohort: Cohort, learner: str) -> str:
    """A learner in a cohort, for the look-up of attributes."""
    return f"{cohort.name} {learner}"


def evaluate(model: RiskModel, cohorts: Sequence[Cohort], attributes: Attributes) -> Evaluation:
    """The model on cohorts whose outcomes are known. Raises `ValueError` where nobody is in them."""
    probabilities = [model.probability(cohort) for cohort in cohorts]
    return evaluate_predictions(cohorts, probabilities, attributes)


def evaluate_predictions(
    cohorts: Sequence[Cohort], probabilities: Sequence[np.ndarray], attributes: Attributes
) -> Evaluation:
    """As `evaluate`, of probabilities that were made before."""
    known = [
        (cohort, probability[cohort.known], cohort.outcome[cohort.known])
        for cohort, probability in zip(cohorts, probabilities, strict=True)
        if cohort.outcome is not None and cohort.known.any()
    ]
    if not known:
        raise ValueError("nobody whose outcome is known")
    probability = np.concatenate([one for _, one, _ in known])
    outcome = np.concatenate([one for _, _, one in known])
    who = [(cohort, cohort.learners[row]) for cohort, _, _ in known for row in np.flatnonzero(cohort.known)]
    keys = [cohort_key(cohort, learner) for cohort, learner in who]
    groups = {name: [values.get(key) for key in keys] for name, values in attributes.items()}
    modules = [cohort.module for cohort, _ in who]
    return Evaluation(
        learners=len(outcome),
        auroc=finite(auroc(outcome, probability)),
        expected_calibration_error=expected_calibration_error(outcome, probability),
        observed_rate=float(outcome.mean()),
        mean_probability=float(probability.mean()),
        reliability=reliability(outcome, probability),
        fairness=report(
            probability,
            outcome,
            groups,
            modules,
            HIGH_RISK,
            people=[learner for _, learner in who],
        ),
    )


def in_time(presentation: str) -> tuple[int, str]:
    """Sorts presentations by when they start: 2013B (February) comes before 2013J (October)."""
    year = re.match(r"\d+", presentation)
    return (int(year.group()) if year else 0, presentation)


def presentations(cohorts: Sequence[Cohort]) -> list[str]:
    """All presentation codes, the earliest first."""
    return sorted({cohort.presentation for cohort in cohorts}, key=in_time)


def tested_in_time(cohorts: Sequence[Cohort]) -> str | None:
    """The last presentation with a module that an earlier one has too; None where there is none."""
    tested, seen = None, set[str]()
    for code in presentations(cohorts):
        modules = {cohort.module for cohort in cohorts if cohort.presentation == code}
        tested = code if modules & seen else tested
        seen |= modules
    return tested


@dataclass(frozen=True)
class Split:
    """What is learned from and what is held out. `fresh` are held-out modules of which nothing was known before.
    `later`: it is the test of time, with nothing to learn from that came after it.
    """

    held_out: str
    training: list[Cohort]
    test: list[Cohort]
    fresh: list[Cohort]
    later: bool


def splits(cohorts: Sequence[Cohort]) -> list[Split]:
    """Each presentation held out, with the others to learn from; the test of time last, with earlier ones alone."""
    found = []
    ordered, last = presentations(cohorts), tested_in_time(cohorts)
    for place, code in enumerate(ordered):
        others = {*ordered[:place], *(() if code == last else ordered[place + 1 :])}
        training = [cohort for cohort in cohorts if cohort.presentation in others]
        seen = {cohort.module for cohort in training}
        held = [cohort for cohort in cohorts if cohort.presentation == code]
        test = [cohort for cohort in held if cohort.module in seen]
        if training and test:
            fresh = [cohort for cohort in held if cohort.module not in seen]
            found.append(Split(code, training, test, fresh, code == last))
    return found


def held_out(
    cohorts: Sequence[Cohort],
    day: int,
    attributes: Attributes,
    only_last: bool = False,
    through: Callable[[Sequence[Split]], Iterable[Split]] = iter,
) -> dict[str, Evaluation]:
    """An evaluation by held-out presentation, over modules that occur in the others too. `through` sees what is held
    out pass by."""
    wanted = [split for split in splits(cohorts) if split.later or not only_last]
    return {split.held_out: evaluate(train(split.training, day), split.test, attributes) for split in through(wanted)}
