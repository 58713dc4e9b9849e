"""What an answer, a reference and a question have to do with one another, as numbers.

Overlap of words, weighted by how much they say; the same without the words that the question gives away; letters;
sentence vectors; word pieces laid over one another by their vectors (soft alignment); negations, opposites, numbers;
lengths. None of it depends on which question it is, so what is learnt carries over to questions never seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.embedding.minilm import Vectors
from learning.grading.reading import Reading
from learning.grading.words import STOP_WORDS, opposites_between, stem

_STOP_STEMS = frozenset(map(stem, STOP_WORDS))
# What a reference is likened by when the nearest is chosen, as places in `_pair`.
_COSINE, _COVERED, _OVERLAP = 18, 24, 2
_BEST_OF = (0, 1, 2, 5, 15, 16, 18, 21, 24, 25, 28, 29)
_MEAN_OF = (2, 18, 24, 25)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question with its references, read once for all its answers."""

    question: Reading
    references: tuple[Reading, ...]
    about: tuple[_Reference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """What a reference and the question have to do with each other."""

    cosine: float
    rest: Vectors  # what the vector says beyond the question's
    near: Vectors  # of each piece, how near the question comes to it
    novel: Vectors  # weight of each piece that the question does not give away
    new: NDArray[np.bool_]  # pieces that the question has not


def asked(question: Reading, references: Sequence[Reading]) -> Asked:
    """The question, ready to have answers compared."""
    return Asked(question, tuple(references), tuple(_about(reference, question) for reference in references))


def features(answer: Reading, asked: Asked) -> NDArray[np.float64]:
    """The numbers of an answer: those beside its nearest reference, then the best and the mean over all of them."""
    near = (answer.states @ asked.question.states.T).max(axis=1)
    pairs = np.array(
        [_pair(answer, near, asked.question, *both) for both in zip(asked.references, asked.about, strict=True)]
    )
    nearest = nearest_reference(pairs)
    extra = [len(pairs), *pairs.max(axis=0)[list(_BEST_OF)], *pairs.mean(axis=0)[list(_MEAN_OF)]]
    found: NDArray[np.float64] = np.nan_to_num(np.concatenate([pairs[nearest], extra]))
    return found


def nearest_reference(pairs: NDArray[np.float64]) -> int:
    """Which row of `_pair` is the likest."""
    return int(np.argmax(pairs[:, _COSINE] + pairs[:, _COVERED] + pairs[:, _OVERLAP]))


def _about(reference: Reading, question: Reading) -> _Reference:
    near = (reference.states @ question.states.T).max(axis=1)
    return _Reference(
        cosine=float(reference.vector @ question.vector),
        rest=_rest(reference.vector, question.vector),
        near=near,
        novel=reference.piece_weights * (1 - np.clip(near, 0, 1)),
        new=~np.isin(reference.pieces, question.pieces),
    )


def _pair(answer: Reading, near: Vectors, question: Reading, reference: Reading, about: _Reference) -> list[float]:
    return [
        *_words(answer, question, reference),
        *_vectors(answer, question, reference, about),
        *_alignment(answer, near, question, reference, about),
        *_opposition(answer, question, reference),
        *_lengths(answer, question, reference),
    ]


def _words(answer: Reading, question: Reading, reference: Reading) -> list[float]:
    """Fifteen and three: overlap of all words, of those the question lacks, of content words; order; letters."""
    weights = answer.stem_weights | reference.stem_weights
    given = question.stem_set
    new_answer, new_reference = answer.stem_set - given, reference.stem_set - given
    common = _longest_common(answer.stems, reference.stems)
    return [
        *_overlap(answer.stem_set, reference.stem_set, weights),
        *_overlap(new_answer, new_reference, weights),
        float(not new_answer),
        float(not new_reference),
        *_overlap(answer.content, reference.content, weights),
        float(len(answer.content - given)),
        float(len(reference.content - given)),
        common / max(len(reference.stems), 1),
        common / max(len(answer.stems), 1),
        _letters(answer, reference, 0),
        _letters(answer, reference, 1),
        float(len(new_answer & reference.content)),
    ]


def _vectors(answer: Reading, question: Reading, reference: Reading, about: _Reference) -> list[float]:
    cosine, to_question = float(answer.vector @ reference.vector), float(answer.vector @ question.vector)
    return [
        cosine,
        to_question,
        about.cosine,
        float(_rest(answer.vector, question.vector) @ about.rest),
        cosine - to_question,
        float(np.abs(answer.vector - reference.vector).sum()),
    ]


def _alignment(answer: Reading, near: Vectors, question: Reading, reference: Reading, about: _Reference) -> list[float]:
    between = answer.states @ reference.states.T
    covered, founded = between.max(axis=0), between.max(axis=1)  # of the reference, of the answer
    novel = answer.piece_weights * (1 - np.clip(near, 0, 1))
    new = ~np.isin(answer.pieces, question.pieces)
    return [
        _mean(covered, reference.piece_weights),
        _mean(founded, answer.piece_weights),
        float(covered.min()),
        float(founded.min()),
        _mean(covered, about.novel),
        _mean(founded, novel),
        _mean(near, answer.piece_weights),
        _mean(about.near, reference.piece_weights),
        float(about.novel.sum()),
        float(novel.sum()),
        float(covered[about.new].mean()) if about.new.any() else 1.0,
        float(founded[new].mean()) if new.any() else 1.0,
        float(covered[about.new].min()) if about.new.any() else 1.0,
        float(np.median(covered)),
        float(np.median(founded)),
    ]


def _opposition(answer: Reading, question: Reading, reference: Reading) -> list[float]:
    denies, denied = answer.negations > 0, reference.negations > 0
    return [
        float(answer.negations),
        float(reference.negations),
        float(question.negations > 0),
        float(denies != denied),
        float(denies and not denied),
        float(denied and not denies),
        float(opposites_between(answer.stem_set - reference.stem_set, reference.stem_set - answer.stem_set)),
        float(opposites_between(answer.stem_set, reference.stem_set)),
        float(opposites_between(answer.stem_set, answer.stem_set)),
        float(opposites_between(answer.stem_set - reference.stem_set, question.stem_set)),
        float(len(answer.numbers)),
        float(len(reference.numbers)),
        float(len(answer.numbers & reference.numbers)),
        float(len(answer.numbers - reference.numbers)),
    ]


def _lengths(answer: Reading, question: Reading, reference: Reading) -> list[float]:
    return [
        math.log1p(len(answer.stems)),
        math.log1p(len(reference.stems)),
        math.log1p(len(question.stems)),
        len(answer.stems) / (len(reference.stems) + 1),
    ]


def _overlap(one: frozenset[str], other: frozenset[str], weights: dict[str, float]) -> tuple[float, float, float]:
    """The weight of what both have, over that of the one, of the other, and of both.

    Sets have another order in every process; exact sums do not depend on it, so neither do grades.
    """
    of_one, of_other = math.fsum(weights[word] for word in one), math.fsum(weights[word] for word in other)
    shared = math.fsum(weights[word] for word in one & other)
    return shared / (of_one + 1e-6), shared / (of_other + 1e-6), 2 * shared / (of_one + of_other + 1e-6)


def _letters(one: Reading, other: Reading, which: int) -> float:
    few, many = sorted((one.letters[which], other.letters[which]), key=len)
    return _product(few, many) / (one.letter_norms[which] * other.letter_norms[which] + 1e-9)


def _product(few: Counter[str], many: Counter[str]) -> int:
    return sum(count * many[group] for group, count in few.items() if group in many)


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both have in the same order."""
    previous = [0] * (len(other) + 1)
    for word in one:
        present = [0]
        for at, candidate in enumerate(other):
            present.append(previous[at] + 1 if word == candidate else max(previous[at + 1], present[-1]))
        previous = present
    return previous[-1]


def _rest(vector: Vectors, without: Vectors) -> Vectors:
    rest: Vectors = vector - (vector @ without) * without
    unit: Vectors = rest / max(float(np.linalg.norm(rest)), 1e-9)
    return unit


def _mean(values: Vectors, weights: Vectors) -> float:
    return float((values * weights).sum() / (weights.sum() + 1e-6))
