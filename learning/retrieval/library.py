"""Passages in memory, searched as the platform's index searches them: by words and by meaning at once.

For a text that is no course of the platform, as in a batch job. English: words are stemmed by its endings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.retrieval.extraction import is_supported
from learning.retrieval.fusion import reciprocal_rank_fusion

Vectors = NDArray[np.float32]
Stem = Callable[[str], str]

_WORD = re.compile(r"[^\W_]+")
_K1, _B = 1.2, 0.75  # Robertson and Zaragoza (2009)
_HEADING_COUNTS = 2
_DEPTH = 50
# As the index has them: what is less alike has nothing to do with the question; what has less of the words shares them
# by chance, where meaning was compared as well.
_LEAST_SIMILARITY, _LEAST_COVERAGE = 0.15, 0.6


@dataclass(frozen=True, slots=True)
class Text:
    """A passage, and the heading that leads to it."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """The place of a passage. `similarity` is None where it is not among the nearest; `coverage` is the share of the
    question's words, by their weight, that it has."""

    place: int
    score: float
    similarity: float | None
    coverage: float

    @property
    def supported(self) -> bool:
        """Whether it is near enough to hold an answer."""
        return is_supported(self.similarity, self.coverage)


class Library:
    """`vectors` has a row of unit length for each text. `ignored` are words that say nothing."""

    def __init__(self, texts: Sequence[Text], vectors: Vectors, stem: Stem, ignored: frozenset[str]) -> None:
        self._vectors = vectors
        self._stem = stem
        self._ignored = ignored
        counted = [Counter(self._terms(one.text) + _HEADING_COUNTS * self._terms(one.heading)) for one in texts]
        lengths = np.array([sum(counts.values()) for counts in counted], dtype=np.float64)
        self._norms = _K1 * (1 - _B + _B * lengths / max(lengths.mean(), 1.0)) if len(texts) else lengths
        postings: dict[str, list[tuple[int, int]]] = {}
        for place, counts in enumerate(counted):
            for term, count in counts.items():
                postings.setdefault(term, []).append((place, count))
        self._postings = {term: np.array(found, dtype=np.int64) for term, found in postings.items()}
        self._count = len(texts)

    def search(self, question: str, vector: Vectors, limit: int = 5) -> list[Hit]:
        """The passages that fit a question best, the best first."""
        scores, coverages = self._by_words(question)
        by_words = [place for place in _best(scores, _DEPTH) if scores[place] > 0]
        similarities = self._vectors @ vector
        near = [place for place in _best(similarities, _DEPTH) if similarities[place] >= _LEAST_SIMILARITY]
        said = [place for place in by_words if not near or coverages[place] >= _LEAST_COVERAGE]
        nearest = set(near)
        return [
            Hit(place, score, float(similarities[place]) if place in nearest else None, float(coverages[place]))
            for place, score in reciprocal_rank_fusion([said, near])[:limit]
        ]

    def by_words(self, question: str, limit: int = 5) -> list[int]:
        """What words alone would find, for comparison."""
        scores, _ = self._by_words(question)
        return [place for place in _best(scores, limit) if scores[place] > 0]

    def _by_words(self, question: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scores, covered = np.zeros(self._count), np.zeros(self._count)
        total = 0.0
        for term in dict.fromkeys(self._terms(question)):
            found = self._postings.get(term)
            weight = float(np.log(1 + (self._count - _size(found) + 0.5) / (_size(found) + 0.5)))
            total += weight
            if found is not None:
                places, counts = found[:, 0], found[:, 1]
                scores[places] += weight * counts * (_K1 + 1) / (counts + self._norms[places])
                covered[places] += weight
        return scores, covered / total if total else covered

    def _terms(self, text: str) -> list[str]:
        words = (word.lower() for word in _WORD.findall(text))
        return [self._stem(word) for word in words if word not in self._ignored]


def _size(found: NDArray[np.int64] | None) -> int:
    return 0 if found is None else len(found)


def _best(scores: NDArray[np.float64] | Vectors, depth: int) -> list[int]:
    """Places of the greatest, equal ones in their order."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:depth]]
