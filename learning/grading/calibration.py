"""What people's decisions on suggestions say about later ones: how far to trust them, and which way they lean.

Trust is Platt's scaling (1999) of the model's own confidence, fitted with a prior: the organisation's parameters are
drawn towards the model's (nothing changed), a course's towards the organisation's, so that a few decisions move little.
How far marks lie off is a mean with the same kind of prior. It moves what is suggested, and trust is fitted to whether
that, so moved, is about what people gave: confidence speaks of the suggestion that is shown. Whoever decides has seen
the suggestion, so agreement is somewhat flattered; grades that people give anew on appeal count too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

AGREED = 0.1  # of all points: nearer than that a person gave the same
_PRIOR_PRECISION = 4.0  # of intercept and slope
_PRIOR_DECISIONS = 10.0  # what "marks do not lean" counts for
_STEPS = 25

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A suggestion, by the model's own figures, and the share of the points that a person gave."""

    confidence: float
    share: float
    given: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is made of a model's figures. `decisions` is how many it was learnt from."""

    intercept: float = 0.0
    slope: float = 1.0
    lean: float = 0.0  # what people give beyond what is suggested, as a share of all points
    decisions: int = 0

    def confidence(self, of_model: float) -> float:
        """The chance that a person gives about the same, between 0 and 1."""
        return 1 / (1 + math.exp(-(self.intercept + self.slope * _log_odds(of_model))))

    def share(self, of_model: float) -> float:
        """The share of the points to suggest."""
        return min(max(of_model + self.lean, 0.0), 1.0)

    def agrees(self, decision: Decision) -> bool:
        """Whether the share that it suggests is about what the person gave."""
        return abs(self.share(decision.share) - decision.given) < AGREED

    def learn(self, decisions: Sequence[Decision]) -> Calibration:
        """This one, moved by decisions."""
        if not decisions:
            return self
        off = sum(one.given - one.share - self.lean for one in decisions) / (len(decisions) + _PRIOR_DECISIONS)
        moved = replace(self, lean=self.lean + off, decisions=self.decisions + len(decisions))
        odds = np.array([_log_odds(one.confidence) for one in decisions])
        agreed = np.array([moved.agrees(one) for one in decisions], dtype=np.float64)
        intercept, slope = _platt(odds, agreed, np.array([self.intercept, self.slope]))
        return replace(moved, intercept=intercept, slope=slope)


def calibrated(of_others: Sequence[Decision], of_course: Sequence[Decision]) -> Calibration:
    """From an organisation's decisions outside of a course and from the course's own."""
    return Calibration().learn(of_others).learn(of_course)


def _platt(odds: Numbers, agreed: Numbers, prior: Numbers) -> tuple[float, float]:
    """Intercept and slope at the largest posterior, by Newton's method. A slope below 0.1 would turn trust around."""
    design = np.stack([np.ones_like(odds), odds], axis=1)
    found = prior.copy()
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (agreed - chance) - _PRIOR_PRECISION * (found - prior)
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + _PRIOR_PRECISION * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        found = found + step
        if float(np.abs(step).max()) < 1e-6:
            break
    return float(found[0]), max(float(found[1]), 0.1)


def _log_odds(chance: float) -> float:
    bounded = min(max(chance, 1e-3), 1 - 1e-3)
    return math.log(bounded / (1 - bounded))
