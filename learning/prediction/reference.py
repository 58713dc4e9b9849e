"""What is usual in a cohort, steadied by what was usual in others: small cohorts lean on the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from learning.prediction.cohort import Floats

PSEUDO_LEARNERS = 20.0
"""How many learners of its own outweigh the past."""


@dataclass(frozen=True)
class Usual:
    """Mean and variance of a figure over `count` learners."""

    count: float
    mean: float
    variance: float

    @classmethod
    def of(cls, values: Floats) -> Usual:
        """Of values, leaving out NaN."""
        known = values[np.isfinite(values)]
        if len(known) == 0:
            return cls(0.0, 0.0, 0.0)
        return cls(float(len(known)), float(known.mean()), float(known.var()))

    @classmethod
    def pooled(cls, parts: Iterable[Usual]) -> Usual:
        """The mean over parts, each weighted by its count."""
        found = [part for part in parts if part.count]
        count = sum(part.count for part in found)
        if not count:
            return cls(0.0, 0.0, 1.0)
        return cls(
            count,
            sum(part.mean * part.count for part in found) / count,
            sum(part.variance * part.count for part in found) / count,
        )

    def steadied(self, past: Usual | None) -> Usual:
        """Mixed with the past as if that were `PSEUDO_LEARNERS` more learners."""
        if past is None:
            return self
        own = self.count / (self.count + PSEUDO_LEARNERS)
        return Usual(
            self.count,
            own * self.mean + (1 - own) * past.mean,
            own * self.variance + (1 - own) * past.variance,
        )

    def standardise(self, values: Floats, least_deviation: float) -> Floats:
        """Deviations from the mean in standard deviations; NaN becomes 0, which is the usual."""
        return np.asarray(np.nan_to_num((values - self.mean) / max(least_deviation, self.variance**0.5)))

    def centre(self, values: Floats) -> Floats:
        """Deviations from the mean; NaN becomes 0."""
        return np.asarray(np.nan_to_num(values - self.mean))


Past = Mapping[str, Usual]
"""What was usual, by figure."""
