"""The model of knowledge that is served: skills, and a predictor of the next answer over a learner's history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from learning.boosting.forest import Forest, Numbers
from learning.knowledge.history import UNKNOWN, History, Skill


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """The chance of a right answer: the mean, in log odds, of a logistic regression and of boosted trees."""

    mean: Numbers
    scale: Numbers
    weights: Numbers
    bias: float
    forest: Forest

    def chances(self, features: Numbers) -> Numbers:
        """(rows, features) to (rows,)."""
        straight = np.clip((features - self.mean) / self.scale, -5, 5) @ self.weights + self.bias
        odds = 0.25 * straight + 0.75 * self.forest.sums(features)[:, 0]
        chances: Numbers = 1 / (1 + np.exp(-odds))
        return chances


@dataclass(frozen=True, kw_only=True)
class KnowledgeModel:
    """Skills by name, and the predictor; without one, knowledge tracing alone predicts. `usual` stands for skills that
    were never met."""

    name: str
    skills: Mapping[str, Skill] = field(default_factory=dict)
    predictor: Predictor | None = None
    usual: Skill = UNKNOWN

    def skill(self, name: str) -> Skill:
        """What is known of a skill; of one never met, what is usual."""
        return self.skills.get(name, self.usual)

    def chance(self, history: History, name: str) -> float:
        """That the learner answers the next question on this skill rightly."""
        return self.chances([history.features(name, self.skill(name))])[0]

    def chances(self, features: Sequence[Sequence[float]] | Numbers) -> list[float]:
        """The same for features of histories, many at once."""
        found = np.array(features, dtype=np.float64)
        if self.predictor is None or not len(found):
            return [1 / (1 + math.exp(-row[0])) for row in features]
        return [float(chance) for chance in self.predictor.chances(found)]

    def record(self, history: History, name: str, right: bool) -> None:
        """Add an answer to the history."""
        history.record(name, right, self.skill(name))


DEFAULT = KnowledgeModel(name="knowledge-default")
"""Where nothing was fitted: typical values for every skill, knowledge tracing predicts."""
