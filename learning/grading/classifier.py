"""A classifier of two halves: a straight one (logistic regression) and a crooked one (boosted trees).

They err in different places: on questions never seen both together are better than either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from learning.boosting.fitting import fit_forest
from learning.boosting.forest import Forest, Numbers
from learning.grading.answers import LABELS

_STRAIGHT = 2 / 3  # the share of the straight half, which carries over better to other subjects
_FURTHEST = 5.0  # standard deviations: an odd answer shall not move the straight half without bound


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """From features to the chances of the three labels."""

    mean: Numbers
    scale: Numbers
    weights: Numbers  # (features, labels)
    bias: Numbers  # (labels,)
    forest: Forest
    prior: Numbers  # how common each label was where it was fitted

    def probabilities(self, features: Numbers) -> Numbers:
        """(rows, features) to (rows, labels), each row adding up to 1."""
        both = _STRAIGHT * softmax(self._straight(features)) + (1 - _STRAIGHT) * softmax(self.forest.sums(features))
        chances = both * self.prior  # it was fitted as if all labels were equally common
        unit: Numbers = chances / chances.sum(axis=1, keepdims=True)
        return unit

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What makes it, by name."""
        own = {name: np.asarray(getattr(self, name)) for name in ("mean", "scale", "weights", "bias", "prior")}
        return own | {f"forest.{name}": array for name, array in self.forest.arrays().items()}

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Self:
        """From what `arrays` gave."""
        own = {name: arrays[name] for name in ("mean", "scale", "weights", "bias", "prior")}
        trees = {name.removeprefix("forest."): array for name, array in arrays.items() if name.startswith("forest.")}
        return cls(**own, forest=Forest.of(trees))

    def _straight(self, features: Numbers) -> Numbers:
        scaled = np.clip((features - self.mean) / self.scale, -_FURTHEST, _FURTHEST)
        return scaled @ self.weights + self.bias


def fit_classifier(features: Numbers, labels: NDArray[np.int64], rounds: int) -> Classifier:
    """Both halves, each as if all labels were equally common. `rounds` of trees. Every label must occur."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = np.clip((features - mean) / scale, -_FURTHEST, _FURTHEST)
    straight = LogisticRegression(C=0.005, class_weight="balanced", max_iter=1_000).fit(scaled, labels)
    options: dict[str, Any] = {
        "max_iter": rounds,
        "learning_rate": 0.07,
        "max_leaf_nodes": 5,
        "min_samples_leaf": 50,
        "l2_regularization": 5.0,
        "max_features": 0.3,
    }
    forest = fit_forest(features, labels, class_weight="balanced", **options)
    return Classifier(
        mean=mean,
        scale=scale,
        weights=straight.coef_.T.astype(np.float64),
        bias=straight.intercept_.astype(np.float64),
        forest=forest,
        prior=np.bincount(labels, minlength=len(LABELS)) / len(labels),
    )


def softmax(logits: Numbers) -> Numbers:
    """Rows of chances."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    unit: Numbers = powers / powers.sum(axis=1, keepdims=True)
    return unit
