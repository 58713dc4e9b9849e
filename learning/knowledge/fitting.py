"""Fitting the model of knowledge to the answers of many learners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.errors import AzoraError
from learning.boosting.fitting import fit_forest
from learning.boosting.forest import Numbers
from learning.knowledge.bkt import Parameters
from learning.knowledge.history import FEATURES, History, Skill
from learning.knowledge.model import Predictor

LONGEST_HISTORY = 1_000  # answers of a learner that are learnt from, so that a few do not outweigh the many
FEWEST_ANSWERS = 1_000
_LATE = 4
_PRIOR_WEIGHT = 20.0


class TooFewResults(AzoraError):
    """There is too little to fit knowledge to."""

    type = "too-few-results"
    title = "There are too few results"


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner's answers in the order in which they may be looked at."""

    skills: Sequence[str]
    right: Sequence[int]


def by_skill(learners: Iterable[Learner]) -> dict[str, list[list[int]]]:
    """For each skill the answers of each learner who met it, skills in the order of their names."""
    found: dict[str, list[list[int]]] = {}
    for learner in learners:
        own: dict[str, list[int]] = {}
        for skill, right in zip(learner.skills, learner.right, strict=True):
            own.setdefault(skill, []).append(right)
        for skill, answers in own.items():
            found.setdefault(skill, []).append(answers)
    return dict(sorted(found.items()))


def usual_rate(learners: Iterable[Learner]) -> float:
    """How often anything is answered rightly."""
    results = [right for learner in learners for right in learner.right[:LONGEST_HISTORY]]
    return sum(results) / len(results) if results else 0.5


def skill_of(sequences: Sequence[Sequence[int]], bkt: Parameters, usual: float) -> Skill:
    """How often a skill is answered rightly, drawn towards what is usual where answers are few."""
    short = [sequence[:LONGEST_HISTORY] for sequence in sequences]
    every = [right for sequence in short for right in sequence]
    rate = _drawn(every, usual)
    return Skill(
        rate=rate,
        first=_drawn([sequence[0] for sequence in short if len(sequence)], rate),
        late=_drawn([right for sequence in short for right in sequence[_LATE:]], rate),
        answers=len(every),
        bkt=bkt,
    )


def examples(
    learners: Sequence[Learner], skills: Mapping[str, Skill], longest: int | None = LONGEST_HISTORY
) -> tuple[Numbers, NDArray[np.int64]]:
    """Features before every answer, and the answers; of each learner the first `longest`, or all of them."""
    total = sum(len(learner.right[:longest]) for learner in learners)
    # Filled row by row: as lists the numbers would take five times the space.
    rows, results = np.empty((total, FEATURES)), np.empty(total, dtype=np.int64)
    at = 0
    for learner in learners:
        history = History()
        for name, right in zip(learner.skills[:longest], learner.right[:longest], strict=True):
            skill = skills[name]
            rows[at], results[at] = history.features(name, skill), right
            history.record(name, bool(right), skill)
            at += 1
    return rows, results


def fit_predictor(features: Numbers, results: NDArray[np.int64]) -> Predictor:
    """Raises `TooFewResults`."""
    from sklearn.linear_model import LogisticRegression

    if len(results) < FEWEST_ANSWERS or len(np.unique(results)) < 2:
        raise TooFewResults(f"{len(results)} answers; at least {FEWEST_ANSWERS}, right and wrong ones, are needed.")
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = np.clip((features - mean) / scale, -5, 5)
    straight = LogisticRegression(C=1.0, max_iter=500).fit(scaled, results)
    forest = fit_forest(
        features, results, max_iter=160, learning_rate=0.08, max_leaf_nodes=24, min_samples_leaf=60,
        l2_regularization=5.0,
    )  # fmt: skip
    return Predictor(
        mean=mean,
        scale=scale,
        weights=straight.coef_[0].astype(np.float64),
        bias=float(straight.intercept_[0]),
        forest=forest,
    )


def _drawn(results: Sequence[int], usual: float) -> float:
    return (sum(results) + _PRIOR_WEIGHT * usual) / (len(results) + _PRIOR_WEIGHT)
