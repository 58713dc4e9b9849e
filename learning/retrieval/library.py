"""Passages in memory, searched by words and by meaning at once.

For a text that is no course of the platform, as in a batch job; what is found is ranked as in the platform's index.
English: words are stemmed by its endings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.retrieval.extraction import Around
from learning.retrieval.ranking import Candidate, Ranked, Weights, ranked

Vectors = NDArray[np.float32]
Stem = Callable[[str], str]

_WORD = re.compile(r"[^\W_]+")
_K1, _B = 1.2, 0.75  # Robertson and Zaragoza (2009)
_HEADING_COUNTS = 2
_WORDS_DEEP, _DEPTH = 100, 50
# Of a whole book: more of its passages share a question's words by chance than of a course's.
_WEIGHTS = Weights(words_more=0.3)
_NOWHERE = np.empty((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Text:
    """A passage, the heading that leads to it, and the section that it counts as; where none is named, the heading."""

    heading: str
    text: str
    section: str = ""


class Library:
    """`vectors` has a row of unit length for each text. `ignored` are words that say nothing. `wholes` says of each
    text what it is a part of, where some are: of the parts of a whole only the best is found."""

    def __init__(
        self,
        texts: Sequence[Text],
        vectors: Vectors,
        stem: Stem,
        ignored: frozenset[str],
        wholes: Sequence[int] | None = None,
    ) -> None:
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
        self._sections = [one.section or one.heading for one in texts]
        self._count = len(texts)
        self._wholes = range(self._count) if wholes is None else wholes

    def search(self, question: str, vector: Vectors, limit: int = 5) -> list[Ranked[int]]:
        """The places of the passages that fit a question best, the best first."""
        similarities = self._vectors @ vector
        words, coverage = self._by_words(question)
        places = dict.fromkeys([*_best(similarities, _DEPTH), *_best(words, _WORDS_DEEP)])
        candidates = [
            Candidate(place, self._sections[place], float(words[place]), float(coverage[place]),
                      float(similarities[place]))
            for place in places
        ]  # fmt: skip
        return ranked(candidates, limit, _WEIGHTS, self._wholes.__getitem__)

    def around(self, vector: Vectors) -> Around:
        """What a question is looked for in."""
        similarities = self._vectors @ vector
        return Around.of(self._count, [float(similarities[place]) for place in _best(similarities, _DEPTH)])

    def by_words(self, question: str, limit: int = 5) -> list[int]:
        """What words alone would find, for comparison."""
        scores, _ = self._by_words(question)
        best: dict[int, int] = {}
        for place in map(int, np.argsort(-scores, kind="stable")):
            if len(best) == limit or scores[place] <= 0:
                break
            best.setdefault(self._wholes[place], place)
        return list(best.values())

    def _by_words(self, question: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """BM25, and how much of the weight of the question's words each passage has."""
        scores, covered, total = np.zeros(self._count), np.zeros(self._count), 0.0
        for term in dict.fromkeys(self._terms(question)):
            found = self._postings.get(term, _NOWHERE)
            weight = float(np.log(1 + (self._count - len(found) + 0.5) / (len(found) + 0.5)))
            total += weight
            places, counts = found[:, 0], found[:, 1]
            scores[places] += weight * counts * (_K1 + 1) / (counts + self._norms[places])
            covered[places] += weight
        return scores, covered / total if total else covered

    def _terms(self, text: str) -> list[str]:
        words = (word.lower() for word in _WORD.findall(text))
        return [self._stem(word) for word in words if word not in self._ignored]


def _best(scores: NDArray[np.float64] | Vectors, depth: int) -> list[int]:
    """Places of the greatest, equal ones in their order."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:depth]]
