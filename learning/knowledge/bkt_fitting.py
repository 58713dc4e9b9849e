"""Fitting Bayesian knowledge tracing to the answers of many learners to one skill, by maximum likelihood.

The gradient-free likelihood is cheap (one pass over all learners at once per step), so a quasi-Newton search over the
log odds of the five chances does. A weak prior keeps skills with few answers near what is typical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from learning.knowledge.bkt import TYPICAL, Parameters

LONGEST = 100  # answers of a learner to a skill that are looked at
MOST_LEARNERS = 1_500
_PRIOR_WEIGHT = 4.0
_BOUNDS = ((0.02, 0.98), (0.001, 0.7), (0.0005, 0.4), (0.02, 0.49), (0.01, 0.45))


def fit_bkt(sequences: Sequence[Sequence[int]]) -> Parameters:
    """From answers (1 right, 0 wrong) of each learner, in the order of time. Of very many learners some, evenly."""
    from scipy.optimize import minimize

    kept = [list(sequence[:LONGEST]) for sequence in sequences if len(sequence)]
    if not kept:
        return TYPICAL
    if len(kept) > MOST_LEARNERS:
        kept = [kept[int(at)] for at in np.linspace(0, len(kept) - 1, MOST_LEARNERS)]
    answers, counts = _padded(kept)
    typical = _log_odds(np.array(astuple(TYPICAL)))

    def cost(odds: NDArray[np.float64]) -> float:
        prior = _PRIOR_WEIGHT * float(((odds - typical) ** 2).sum()) / 2
        return prior - log_likelihood(_chances(odds), answers, counts)

    bounds = [(float(low), float(high)) for low, high in _log_odds(np.array(_BOUNDS))]
    found = minimize(cost, typical, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
    known, learn, forget, guess, slip = (float(chance) for chance in _chances(found.x))
    return Parameters(known=known, learn=learn, forget=forget, guess=guess, slip=slip)


def log_likelihood(chances: NDArray[np.float64], answers: NDArray[np.int8], counts: NDArray[np.int64]) -> float:
    """Of all answers. `answers` is (steps, learners) with the longest first, `counts` how many have a step."""
    known0, learn, forget, guess, slip = chances
    known = np.full(answers.shape[1], known0)
    total = 0.0
    for step, count in zip(answers, counts, strict=True):
        known, right = known[:count], step[:count] == 1
        if_known = np.where(right, 1 - slip, slip)
        likely = known * if_known
        chance = likely + (1 - known) * np.where(right, guess, 1 - guess)
        total += float(np.log(chance).sum())
        seen = likely / chance
        known = seen * (1 - forget) + (1 - seen) * learn
    return total


def _padded(sequences: list[list[int]]) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    ordered = sorted(sequences, key=len, reverse=True)
    answers = np.zeros((len(ordered[0]), len(ordered)), dtype=np.int8)
    for column, sequence in enumerate(ordered):
        answers[: len(sequence), column] = sequence
    lengths = np.array([len(sequence) for sequence in ordered])
    return answers, np.array([int((lengths > step).sum()) for step in range(len(answers))])


def _log_odds(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.log(chances / (1 - chances))
    return odds


def _chances(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-odds))
    return chances
