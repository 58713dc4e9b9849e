"""Answering with sentences of the material, chosen to fit the question and to differ from one another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from learning.retrieval.blocks import CODE
from learning.retrieval.sentences import sentences

# How passages are ranked, and sentences of them chosen or declined; raised where the same texts may answer otherwise.
VERSION = "2"

Matrix = NDArray[np.float32]

# A passage that is neither as near as this nor has as much of the words' weight holds no answer.
_LEAST_SIMILARITY = 0.27
_LEAST_COVERAGE = 0.6
# A logistic regression of whether a text answers a question, fitted to exercises and questions about courses and books
# of 252 to 3,200 passages (docs/JOBS.md).
_BY_PASSAGE, _BY_WORDS, _BY_SENTENCE, _BY_SUBJECT, _BY_SIZE, _OFFSET = 10.58, 5.64, 3.64, 3.81, -0.64, -5.24
_LEAST_ODDS = -0.6
_FEWEST_PASSAGES = 100  # below, nothing was fitted
_NEAREST = slice(10, 50)

QUOTED_PASSAGES = 3  # the first ones; sentences further down are about something else
_MOST_CANDIDATES = 48
_FEWEST_WORDS = 4
_WORD = re.compile(r"[^\W\d_]{2,}")
# How much a sentence counts for what it says, the rest being for what others have not said yet.
_RELEVANCE = 0.75
# A sentence that fits less than this share of the best one is left out.
_LEAST_SHARE = 0.65


class Quote(NamedTuple):
    """A sentence, and the place of the passage it is from among those given."""

    text: str
    source: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well each candidate fits the question (n), and how alike any two are (n, n); both from -1 to 1."""

    to_question: Matrix
    to_each_other: Matrix


def is_supported(similarity: float | None, coverage: float) -> bool:
    """Whether a passage is near enough to a question, by meaning or by words, to hold an answer."""
    return (similarity or 0.0) >= _LEAST_SIMILARITY or coverage >= _LEAST_COVERAGE


def candidates(passages: Sequence[str]) -> list[Quote]:
    """The sentences of passages that could be an answer, each once, in order.

    What leads up to something else, asks, is too short to say anything, or is code, is none.
    """
    found: dict[str, Quote] = {}
    for source, passage in enumerate(passages):
        for line in passage.splitlines():
            for sentence in sentences(line) if not line.startswith(CODE) else ():
                if _says_something(sentence):
                    found.setdefault(sentence, Quote(sentence, source))
    return list(found.values())[:_MOST_CANDIDATES]


def _says_something(sentence: str) -> bool:
    return not sentence.endswith((":", "?")) and len(_WORD.findall(sentence)) >= _FEWEST_WORDS


def by_meaning(question: Matrix, quotes: Matrix) -> Likeness:
    """From vectors of unit length: of the question (d), of the candidates (n, d)."""
    return Likeness(quotes @ question, quotes @ quotes.T)


def by_words(question: str, quotes: Sequence[Quote]) -> Likeness:
    """From the words they share, rare ones weighing more: cosines of tf-idf vectors over the candidates."""
    texts = [set(_terms(quote.text)) for quote in quotes]
    wanted = set(_terms(question))
    terms = {term: number for number, term in enumerate(sorted(set().union(wanted, *texts)))}
    matrix = np.zeros((len(texts) + 1, len(terms)), dtype=np.float32)
    for row, found in enumerate((wanted, *texts)):
        matrix[row, [terms[term] for term in found]] = 1
    matrix *= np.log((1 + len(texts)) / (0.5 + matrix[1:].sum(axis=0)))
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return by_meaning(unit[0], unit[1:])


def _terms(text: str) -> list[str]:
    # Longer words by their beginnings: a stemmer for any language that inflects at the end.
    return [word.lower()[:6] for word in _WORD.findall(text)]


@dataclass(frozen=True, slots=True)
class Around:
    """What was looked through: how many passages, and the mean cosine of those that are near but not among the nearest,
    which says how much there is on the subject."""

    passages: int
    nearby: float

    @classmethod
    def of(cls, passages: int, similarities: Sequence[float]) -> Self:
        """From the cosines of the nearest, the greatest first."""
        near = similarities[_NEAREST] or similarities
        return cls(passages, math.fsum(near) / len(near) if near else 0.0)


@dataclass(frozen=True, slots=True)
class Signs:
    """Of what was found for a question: the greatest cosine of the angle to it, the greatest share of the weight of its
    words, and what was looked through. In a longer text something is nearer by chance."""

    similarity: float
    coverage: float
    around: Around

    @classmethod
    def of(cls, found: Iterable[tuple[float | None, float]], around: Around) -> Self:
        """From similarity and coverage of each."""
        pairs = list(found)
        similarities = [similarity for similarity, _ in pairs if similarity is not None]
        return cls(max(similarities, default=0.0), max((coverage for _, coverage in pairs), default=0.0), around)

    def odds(self, sentence: float) -> float:
        """Logarithm of the odds that a question is answered; `sentence`: the greatest cosine of a sentence found."""
        size = math.log(max(self.around.passages, _FEWEST_PASSAGES))
        passages = _BY_PASSAGE * self.similarity + _BY_SUBJECT * self.around.nearby + _BY_SIZE * size
        return passages + _BY_WORDS * self.coverage + _BY_SENTENCE * sentence + _OFFSET


def answer(quotes: Sequence[Quote], likeness: Likeness, signs: Signs, limit: int) -> list[Quote]:
    """At most `limit` quotes, as `select` chooses them by meaning; none where they hardly answer the question."""
    if not quotes or signs.odds(float(likeness.to_question.max())) < _LEAST_ODDS:
        return []
    return select(quotes, likeness, limit)


def select(quotes: Sequence[Quote], likeness: Likeness, limit: int) -> list[Quote]:
    """At most `limit` quotes, in reading order: by passage, then as they stand there.

    By maximal marginal relevance (Carbonell and Goldstein 1998): one after the other the candidate that fits best after
    subtracting how like it is to one that was chosen.
    """
    fit = likeness.to_question
    if not quotes or fit.max() <= 0:
        return []
    left = [index for index in range(len(quotes)) if fit[index] >= _LEAST_SHARE * fit.max()]
    chosen: list[int] = []
    while left and len(chosen) < limit:
        best = max(left, key=lambda index: _marginal(index, chosen, likeness))
        left.remove(best)
        chosen.append(best)
    return [quotes[index] for index in sorted(chosen)]


def _marginal(index: int, chosen: Sequence[int], likeness: Likeness) -> float:
    repeats = max((float(likeness.to_each_other[index, other]) for other in chosen), default=0.0)
    return _RELEVANCE * float(likeness.to_question[index]) - (1 - _RELEVANCE) * repeats
