"""The ROC curve, the area under it, and the area between those of two groups."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


def auroc(outcome: Bools, score: Floats) -> float:
    """The probability that a random positive scores above a random negative, ties counting half.

    NaN where one of the outcomes does not occur.
    """
    positives = int(outcome.sum())
    negatives = len(outcome) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    false_positives, true_positives = curve(outcome, score)
    return float(np.trapezoid(true_positives, false_positives))


def curve(outcome: Bools, score: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates at every threshold, from (0, 0) to (1, 1). Equal scores make one straight piece."""
    order = np.argsort(-score, kind="stable")
    sorted_scores, sorted_outcomes = score[order], outcome[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(sorted_scores)), len(score) - 1)
    true_positives = np.cumsum(sorted_outcomes)[last_of_ties]
    false_positives = 1 + last_of_ties - true_positives
    return (
        np.append(0.0, false_positives / max(1, false_positives[-1])),
        np.append(0.0, true_positives / max(1, true_positives[-1])),
    )


def abroca(outcome: Bools, score: Floats, member: Bools) -> float:
    """The absolute area between the ROC curves of members and of all others, 0 (the same) to 1.

    Gardner, Brooks and Baker (2019), "Evaluating the fairness of predictive student models through slicing analysis".
    Exact, since between two breakpoints both curves are straight. NaN where a group lacks one of the outcomes.
    """
    groups = (outcome[member], outcome[~member])
    if any(len(group) == 0 or group.all() or not group.any() for group in groups):
        return float("nan")
    first = curve(outcome[member], score[member])
    second = curve(outcome[~member], score[~member])
    breaks = np.union1d(first[0], second[0])
    width = np.diff(breaks)
    # Curves jump at breakpoints, so each interval is measured inside and extended to its ends.
    near, far = breaks[:-1] + width / 4, breaks[:-1] + 3 * width / 4
    at_near = np.interp(near, *first) - np.interp(near, *second)
    at_far = np.interp(far, *first) - np.interp(far, *second)
    slope = (at_far - at_near) / 2
    left, right = at_near - slope, at_far + slope
    crossing = left * right < 0
    ends = np.abs(left) + np.abs(right)
    areas = np.where(crossing, (left**2 + right**2) / (2 * np.where(ends > 0, ends, 1)), ends / 2) * width
    return float(areas.sum())
