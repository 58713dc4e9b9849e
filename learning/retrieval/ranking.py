"""Putting together what words and meaning say of passages, and whether any of them answers at all.

Used wherever passages are looked for: over the platform's index, and over a book in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

# What is less alike than it should be may still have so much of the question's words' weight.
_LEAST_COVERAGE = 0.6
# So many first ones are of sections of their own, where one is at least half as good: a section that is found says more
# by its best passage than by its next.
_SECTIONS_FIRST = 3
_AS_GOOD = 0.5
# How much of the score is what reading again says, and over how many logits that goes from hardly to surely.
_READING, _SPREAD = 0.2, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Words count the more, the more of the question's words some passage has: whoever uses a text's own terms means
    them, and where nothing has them they are shared by chance. What is less alike than `least_similarity` has nothing
    to do with the question."""

    words_least: float = 0.15
    words_more: float = 0.4
    least_similarity: float = 0.15


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Item]):
    """A passage that words or meaning have found, in a section. `words` is its BM25, `coverage` how much of the weight
    of the question's words it has, from 0 to 1; `similarity` the cosine of the angle to the question, None where it
    has no vector, or the question has none."""

    item: Item
    section: Hashable
    words: float
    coverage: float
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Item]):
    """A candidate with its score, from 0 to 1."""

    candidate: Candidate[Item]
    score: float


def ranked(
    candidates: Sequence[Candidate[Item]],
    limit: int,
    weights: Weights = WEIGHTS,
    whole: Callable[[Item], Hashable] | None = None,
) -> list[Ranked[Item]]:
    """At most `limit`, the best first. Equal ones keep their order. Of those that are parts of the same `whole` only
    the best counts.

    The greatest BM25 and the greatest cosine have to be among the candidates: scores are shares of them.
    """
    wordiest = max((one.words for one in candidates), default=0.0)
    nearest = max((one.similarity for one in candidates if one.similarity is not None), default=0.0)
    weight = weights.words_least + weights.words_more * max((one.coverage for one in candidates), default=0.0)

    def score(one: Candidate[Item]) -> float:
        by_words = one.words / wordiest if wordiest > 0 else 0.0
        if one.similarity is None:
            return by_words
        by_meaning = max(one.similarity, 0.0) / nearest if nearest > 0 else 0.0
        return weight * by_words + (1 - weight) * by_meaning

    scored = [Ranked(one, score(one)) for one in candidates if _has_to_do_with_it(one, weights)]
    scored.sort(key=lambda found: -found.score)
    if whole is not None:
        best: dict[Hashable, Ranked[Item]] = {}
        for one in scored:
            best.setdefault(whole(one.candidate.item), one)
        scored = list(best.values())
    return _of_sections_first(scored)[:limit]


def read_again(found: Sequence[Ranked[Item]], logits: Sequence[float], limit: int) -> list[Ranked[Item]]:
    """At most `limit` of what `ranked` has found, the best first, after as many of the first as there are `logits` were
    read together with the question. The others stay behind them, as they were.
    """
    read = [
        Ranked(one.candidate, (1 - _READING) * one.score + _READING * _share(logit))
        for one, logit in zip(found, logits, strict=False)
    ]
    read.sort(key=lambda one: -one.score)
    return [*_of_sections_first(read), *found[len(read) :]][:limit]


def _share(logit: float) -> float:
    """From 0 to 1."""
    return 1 / (1 + math.exp(-logit / _SPREAD))


def _has_to_do_with_it(one: Candidate[Item], weights: Weights) -> bool:
    if one.similarity is None:
        return one.words > 0
    return one.similarity >= weights.least_similarity or one.coverage >= _LEAST_COVERAGE


def _of_sections_first(scored: Sequence[Ranked[Item]]) -> list[Ranked[Item]]:
    first: list[Ranked[Item]] = []
    for found in scored:
        new = all(found.candidate.section != other.candidate.section for other in first)
        if new and found.score >= _AS_GOOD * scored[0].score:
            first.append(found)
        if len(first) == _SECTIONS_FIRST:
            break
    return [*first, *(found for found in scored if not any(found is other for other in first))]
