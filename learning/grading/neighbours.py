"""What graded answers to the same question say of an answer.

The chances that a model gives from the references alone are corrected by how wrong it was on like answers (kernel
ridge regression on its residuals, as in kriging), and the labels of like answers are counted. With no graded answer
both say nothing. In training an answer never sees itself: residuals are left out one by one, in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from learning.boosting.forest import Numbers
from learning.embedding.minilm import Vectors
from learning.grading.answers import LABELS


class Likened(Protocol):
    """What answers are likened by."""

    @property
    def vector(self) -> Vectors: ...

    @property
    def stem_set(self) -> frozenset[str]: ...


COUNT = 3 + 3 + 3 + 3 + 1  # features that `compared` and `left_out` give
_NOISE = 0.5  # how much people differ over like answers, against how much likeness explains
_SHARPNESS = 8.0
_PRIOR_WEIGHT = 2.0  # answers that the whole's share of labels counts for


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Graded answers to one question, with what the model said of each without having seen it."""

    answers: Sequence[Likened]
    labels: NDArray[np.int64]
    chances: Numbers  # (answers, labels)
    prior: Numbers

    def compared(self, answers: Sequence[Likened], chances: Numbers) -> Numbers:
        """(answers, COUNT) for answers that are not among these."""
        if not len(self.labels):
            return np.hstack([chances, np.zeros((len(answers), 3)), np.tile(self.prior, (len(answers), 2)),
                              np.zeros((len(answers), 1))])  # fmt: skip
        near = likeness(answers, self.answers)
        inside = likeness(self.answers, self.answers)
        correction = near @ np.linalg.solve(inside + _NOISE * np.eye(len(inside)), self._residuals())
        return self._features(near, chances, correction, self._one_hot().sum(axis=0)[None])

    def left_out(self) -> Numbers:
        """(graded answers, COUNT): each compared with all others."""
        inside = likeness(self.answers, self.answers)
        inverse = np.linalg.inv(inside + _NOISE * np.eye(len(inside)))
        residuals = self._residuals()
        correction = residuals - (inverse @ residuals) / np.diag(inverse)[:, None]
        others = inside.copy()
        np.fill_diagonal(others, 0.0)
        counts = self._one_hot().sum(axis=0) - self._one_hot()
        return self._features(others, self.chances, correction, counts)

    def _features(self, near: Numbers, chances: Numbers, correction: Numbers, counts: Numbers) -> Numbers:
        one_hot = self._one_hot()
        strength = np.where(near > 0, np.exp(_SHARPNESS * (near - 1)), 0.0)
        votes = (strength @ one_hot + 0.01 * self.prior) / (strength.sum(axis=1, keepdims=True) + 0.01)
        nearest = np.stack(
            [(near * one_hot[:, label]).max(axis=1, initial=0.0) for label in range(len(LABELS))], axis=1
        )
        total = counts.sum(axis=1, keepdims=True)
        shares = (counts + _PRIOR_WEIGHT * self.prior) / (total + _PRIOR_WEIGHT)
        columns = (chances + correction, nearest, votes, shares, np.log1p(total))
        return np.hstack([np.broadcast_to(column, (len(near), column.shape[1])) for column in columns])

    def _one_hot(self) -> Numbers:
        return np.eye(len(LABELS))[self.labels]

    def _residuals(self) -> Numbers:
        return self._one_hot() - self.chances


def nobody(prior: Numbers) -> Neighbours:
    """No graded answer at all."""
    return Neighbours([], np.empty(0, np.int64), np.empty((0, len(LABELS))), prior)


def likeness(answers: Sequence[Likened], others: Sequence[Likened]) -> Numbers:
    """(answers, others), from 0 to 1: half by meaning, half by words. 1 for equal answers."""
    cosine = np.stack([one.vector for one in answers]) @ np.stack([one.vector for one in others]).T
    by_words = np.array([[_shared(one.stem_set, other.stem_set) for other in others] for one in answers])
    found: Numbers = 0.5 * np.exp(-3.0 * (1.0 - np.clip(cosine, 0.0, 1.0)).astype(np.float64)) + 0.5 * by_words
    return found


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index of two sets of stems, which as a kernel is positive definite."""
    either = len(one | other)
    return len(one & other) / either if either else 1.0
