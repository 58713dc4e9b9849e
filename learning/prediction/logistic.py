"""Logistic regression with a penalty for each coefficient, by Newton's method."""

from __future__ import annotations

import numpy as np

from learning.prediction.cohort import Bools, Floats

_ITERATIONS = 25
_TOLERANCE = 1e-6


def sigmoid(logit: Floats) -> Floats:
    """Probability from log odds, without overflow."""
    return 0.5 * (1 + np.tanh(logit / 2))


def fit(design: Floats, outcome: Bools, penalty: Floats) -> Floats:
    """The coefficients (k,) that maximise the log-likelihood less half the sum of penalty times their squares.

    `design` has shape (n, k) and holds its own column of ones. Every penalty is positive, so there is one maximum.
    """
    target = outcome.astype(float)
    coefficients = np.zeros(design.shape[1])
    for _ in range(_ITERATIONS):
        probability = sigmoid(design @ coefficients)
        weight = np.maximum(probability * (1 - probability), 1e-9)
        gradient = design.T @ (target - probability) - penalty * coefficients
        hessian = (design * weight[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        coefficients += step
        if np.abs(step).max() < _TOLERANCE:
            break
    return coefficients
