"""Whether what is predicted today looks like what was predicted when the model was made."""

from __future__ import annotations

import numpy as np

from learning.fairness.roc import Floats

MODERATE = 0.1
"""Below this a population is commonly held to be unchanged."""

LARGE = 0.25
"""Above this it is commonly held to be another one."""


def deciles(reference: Floats) -> Floats:
    """The nine inner borders of ten bins with equally many of the reference in each."""
    return np.quantile(reference, np.linspace(0.1, 0.9, 9))


def shares(values: Floats, borders: Floats) -> Floats:
    """The share of values in each bin between borders."""
    counts = np.bincount(np.searchsorted(borders, values, side="right"), minlength=len(borders) + 1)
    return counts / max(1, len(values))


def population_stability_index(expected: Floats, actual: Floats) -> float:
    """PSI of two distributions over the same bins: 0 where they are the same, symmetric, never negative.

    An empty bin counts as a share of one in ten thousand, so that the index stays finite.
    """
    floor = 1e-4
    expected, actual = np.maximum(expected, floor), np.maximum(actual, floor)
    return float(((actual - expected) * np.log(actual / expected)).sum())
