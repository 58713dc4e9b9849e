"""A classifier of two halves: a straight one (logistic regression) and a crooked one (boosted trees).

They err in different places: on questions never seen both together are better than either. The straight half sees how
a number ranks among those it was fitted to, not the number: what is far off in another subject is merely high or low.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from learning.boosting.fitting import fit_forest
from learning.boosting.forest import Forest, Numbers
from learning.grading.answers import LABELS

_STRAIGHT = 1 / 2  # the share of the straight half
_FURTHEST = 2.5  # standard deviations of a rank: an odd answer shall not move the straight half without bound
_DIGITS = 9
_KNOTS = 201  # quantiles of each feature that are kept


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """From features to the chances of the three labels."""

    knots: Numbers  # (quantiles, features): what the features were where it was fitted
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
        own = {name: np.asarray(getattr(self, name)) for name in ("knots", "weights", "bias", "prior")}
        return own | {f"forest.{name}": array for name, array in self.forest.arrays().items()}

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Self:
        """From what `arrays` gave."""
        own = {name: arrays[name] for name in ("knots", "weights", "bias", "prior")}
        trees = {name.removeprefix("forest."): array for name, array in arrays.items() if name.startswith("forest.")}
        return cls(**own, forest=Forest.of(trees))

    def _straight(self, features: Numbers) -> Numbers:
        return ranked(features, self.knots) @ self.weights + self.bias


def fit_classifier(
    features: Numbers, labels: NDArray[np.int64], rounds: int, questions: NDArray[np.int64] | None = None
) -> Classifier:
    """Both halves, each as if all labels were equally common. `rounds` of trees. Every label must occur.

    With `questions`, a number for each row, every question counts the same, however many answers it has: what is learnt
    is to carry over to other questions, and of those there are as many as there are questions.
    """
    from sklearn.linear_model import LogisticRegression

    knots = np.quantile(features, np.linspace(0, 1, _KNOTS), axis=0)
    weights = _weights(labels, questions)
    straight = LogisticRegression(C=0.005, max_iter=1_000).fit(ranked(features, knots), labels, sample_weight=weights)
    options: dict[str, Any] = {
        "max_iter": rounds,
        "learning_rate": 0.07,
        "max_leaf_nodes": 5,
        "min_samples_leaf": 50,
        "l2_regularization": 5.0,
        "max_features": 0.3,
    }
    forest = fit_forest(features, labels, weights=weights, **options)
    return Classifier(
        knots=knots,
        weights=straight.coef_.T.astype(np.float64),
        bias=straight.intercept_.astype(np.float64),
        forest=forest,
        prior=np.bincount(labels, minlength=len(LABELS)) / len(labels),
    )


def ranked(features: Numbers, knots: Numbers) -> Numbers:
    """Each number as the standard deviation that its rank among the knots has in a normal distribution; of equal ranks
    the mean. Never further off than `_FURTHEST`."""
    normal = NormalDist()
    inner = [normal.inv_cdf(level) for level in np.linspace(0, 1, len(knots))[1:-1]]
    at = np.clip([-_FURTHEST, *inner, _FURTHEST], -_FURTHEST, _FURTHEST)
    features, knots = (
        np.round(features, _DIGITS),
        np.round(knots, _DIGITS),
    )  # what is equal but for rounding ranks equal
    found = np.empty_like(features, dtype=np.float64)
    for column in range(features.shape[1]):
        values, own = features[:, column], knots[:, column]
        from_above = -np.interp(-values, -own[::-1], -at[::-1])
        found[:, column] = (np.interp(values, own, at) + from_above) / 2
    return found


def _weights(labels: NDArray[np.int64], questions: NDArray[np.int64] | None) -> Numbers:
    """A weight for each row, one in the mean: labels weigh the same, and within each all questions do."""
    weights = np.ones(len(labels))
    if questions is not None:
        weights = 1 / np.bincount(questions)[questions]
    for label in range(len(LABELS)):
        weights[labels == label] /= weights[labels == label].sum()
    return weights * len(labels) / len(LABELS)


def softmax(logits: Numbers) -> Numbers:
    """Rows of chances."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    unit: Numbers = powers / powers.sum(axis=1, keepdims=True)
    return unit
