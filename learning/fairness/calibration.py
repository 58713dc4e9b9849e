"""Whether probabilities mean what they say."""

from __future__ import annotations

import numpy as np

from learning.fairness.roc import Bools, Floats


def expected_calibration_error(outcome: Bools, probability: Floats, bins: int = 10) -> float:
    """The mean distance of observed rate and mean probability over bins of equal width, weighted by their size.

    Naeini, Cooper and Hauskrecht (2015). NaN for nobody.
    """
    if len(outcome) == 0:
        return float("nan")
    bin_of = np.minimum((probability * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, weights=outcome - probability, minlength=bins)
    return float(np.abs(gap).sum() / len(outcome))


def reliability(outcome: Bools, probability: Floats, bins: int = 10) -> list[dict[str, float]]:
    """The reliability diagram: mean probability, observed rate and size of each bin that holds somebody."""
    bin_of = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        {
            "mean_probability": float(probability[bin_of == index].mean()),
            "observed_rate": float(outcome[bin_of == index].mean()),
            "learners": int((bin_of == index).sum()),
        }
        for index in np.unique(bin_of)
    ]
