"""A text, read: its words, stems, letters, and vectors of itself and of each of its word pieces."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from learning.embedding.minilm import Vectors
from learning.embedding.wordpiece import WordPiece
from learning.grading.words import NEGATIONS, STOP_WORDS, piece_weight, stem, words

MAXIMUM_CHARACTERS = 10_000  # of a short answer; what is beyond is not read


class TokenModel(Protocol):
    """What gives every word piece of a text a vector that depends on the others."""

    @property
    def tokenizer(self) -> WordPiece: ...

    def token_states(self, texts: Sequence[str]) -> list[Vectors]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What there is to know of a text on its own."""

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    stem_set: frozenset[str]
    content: frozenset[str]  # stems that are no stop words
    stem_weights: dict[str, float]
    numbers: frozenset[str]
    negations: int
    letters: tuple[Counter[str], Counter[str]]  # groups of three and of four
    letter_norms: tuple[float, float]
    pieces: NDArray[np.int64]
    piece_weights: Vectors
    states: Vectors  # a row of unit length for each piece
    vector: Vectors  # of unit length


class Reader:
    """Reads texts with a model. Remembers how much words say, nothing else."""

    def __init__(self, model: TokenModel) -> None:
        self._model = model
        self._weight = lru_cache(65_536)(self._weigh)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """In the order of the texts."""
        short = [text[:MAXIMUM_CHARACTERS] for text in texts]
        states = self._model.token_states(short)
        encode = self._model.tokenizer.encode
        return [
            _reading(text, np.array(encode(text, len(found))), found, self._weight)
            for text, found in zip(short, states, strict=True)
        ]

    def _weigh(self, word: str) -> float:
        return max(map(piece_weight, self._model.tokenizer.encode(word)[1:-1]), default=1.0)


def _reading(text: str, pieces: NDArray[np.int64], states: Vectors, weight: Callable[[str], float]) -> Reading:
    found = tuple(words(text))
    stems = tuple(map(stem, found))
    mean = states.mean(axis=0)
    inner, inner_states = (pieces[1:-1], states[1:-1]) if len(pieces) > 2 else (pieces[:1], states[:1])
    letters = (_groups(text, 3), _groups(text, 4))
    return Reading(
        text=text,
        words=found,
        stems=stems,
        stem_set=frozenset(stems),
        content=frozenset(one for word, one in zip(found, stems, strict=True) if word not in STOP_WORDS),
        stem_weights={one: weight(word) for word, one in zip(found, stems, strict=True)},
        numbers=frozenset(word for word in found if word[0].isdigit()),
        negations=sum(word in NEGATIONS for word in found),
        letters=letters,
        letter_norms=(_norm(letters[0]), _norm(letters[1])),
        pieces=inner,
        piece_weights=np.array([piece_weight(int(piece)) for piece in inner], dtype=np.float32),
        states=inner_states / np.maximum(np.linalg.norm(inner_states, axis=1, keepdims=True), 1e-9),
        vector=mean / max(float(np.linalg.norm(mean)), 1e-9),
    )


def _groups(text: str, size: int) -> Counter[str]:
    spaced = f" {' '.join(text.lower().split())} "
    return Counter(spaced[at : at + size] for at in range(len(spaced) - size + 1))


def _norm(counts: Counter[str]) -> float:
    return math.sqrt(sum(count * count for count in counts.values()))
