"""Passages in memory, searched by words and by meaning at once.

For a text that is no course of the platform, as in a batch job. Scores are put together, not ranks as in the platform's
index: where all passages are at hand the greatest scores are known, and how much better one is than the next says more
than that it is. English: words are stemmed by its endings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Stem = Callable[[str], str]

_WORD = re.compile(r"[^\W_]+")
_K1, _B = 1.2, 0.75  # Robertson and Zaragoza (2009)
_HEADING_COUNTS = 2
# Found on the demo courses as one book, alone and among 3,750 other passages. A question that nothing is as like as
# this is not answered, whatever words are shared: in a long book some passage always shares them.
_MEANING = 0.5
_LEAST_SIMILARITY = 0.335


@dataclass(frozen=True, slots=True)
class Text:
    """A passage, and the heading that leads to it."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """The place of a passage, with its score and the cosine of its angle to the question."""

    place: int
    score: float
    similarity: float


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
        similarities = self._vectors @ vector
        scores = _MEANING * _of_greatest(similarities) + (1 - _MEANING) * _of_greatest(self._by_words(question))
        places = [place for place in _best(scores, limit) if scores[place] > 0]
        return [Hit(place, float(scores[place]), float(similarities[place])) for place in places]

    def covers(self, vector: Vectors) -> bool:
        """Whether anything is near enough to a question to answer it."""
        return bool((self._vectors @ vector).max(initial=0.0) >= _LEAST_SIMILARITY)

    def by_words(self, question: str, limit: int = 5) -> list[int]:
        """What words alone would find, for comparison."""
        scores = self._by_words(question)
        return [place for place in _best(scores, limit) if scores[place] > 0]

    def _by_words(self, question: str) -> NDArray[np.float64]:
        scores = np.zeros(self._count)
        for term in dict.fromkeys(self._terms(question)):
            if (found := self._postings.get(term)) is not None:
                places, counts = found[:, 0], found[:, 1]
                weight = np.log(1 + (self._count - len(found) + 0.5) / (len(found) + 0.5))
                scores[places] += weight * counts * (_K1 + 1) / (counts + self._norms[places])
        return scores

    def _terms(self, text: str) -> list[str]:
        words = (word.lower() for word in _WORD.findall(text))
        return [self._stem(word) for word in words if word not in self._ignored]


def _of_greatest(scores: NDArray[np.float64] | Vectors) -> NDArray[np.float64]:
    greatest = float(scores.max(initial=0.0))
    return np.asarray(scores / greatest if greatest > 0 else np.zeros(len(scores)), dtype=np.float64)


def _best(scores: NDArray[np.float64] | Vectors, depth: int) -> list[int]:
    """Places of the greatest, equal ones in their order."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:depth]]
