"""Answering from a book: what reading again changes, and doing without."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from learning.embedding.cross_encoder import NAME, Logits
from learning.embedding.minilm import Vectors
from learning.retrieval.answering import Book
from learning.retrieval.chunking import PATH
from learning.retrieval.library import Library, Text

TEXTS = [
    Text(f"Statistics{PATH}Middles", "The median is the value in the middle of all values in order."),
    Text(f"Statistics{PATH}Means", "The mean of all values is their sum over how many values there are."),
    Text(f"Statistics{PATH}Spread", "The deviation of values says how far values lie from their mean."),
    Text(f"Statistics{PATH}Charts", "A chart of values shows where most values are."),
]
QUESTION = "Where do values lie?"
VECTOR = np.array([0.5, 0.5, 0.5, 0.5], dtype=np.float32)


class Alike:
    """Takes every sentence for an answer."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.tile(VECTOR, (len(texts), 1))


class Prefers:
    """Takes what has a word in it for the answer, and remembers what it read."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.read: list[str] = []

    def logits(self, question: str, passages: Sequence[str]) -> Logits:
        self.read += passages
        return np.array([9.0 if self._word in passage else -9.0 for passage in passages], dtype=np.float32)


def book(reader: Prefers | None) -> Book:
    vectors = np.tile(VECTOR, (len(TEXTS), 1))
    return Book(TEXTS, Library(TEXTS, vectors, str, frozenset()), Alike(), reader)


def places(reader: Prefers | None) -> list[int]:
    return [one.candidate.item for one in book(reader).answer(QUESTION, VECTOR).found]


def test_reading_puts_what_was_found_in_order() -> None:
    ranked = places(None)
    for place in ranked:
        word = TEXTS[place].text.split()[1]
        assert places(Prefers(f" {word} "))[0] == place
    for reader in (Prefers("The"), Prefers("nothing that is there")):
        assert sorted(places(reader)) == sorted(ranked)


def test_what_is_read_is_the_passage_below_the_end_of_its_heading() -> None:
    reader = Prefers("median")
    book(reader).answer(QUESTION, VECTOR)
    assert len(reader.read) == len(TEXTS)
    assert all(text.split("\n")[0] in ("Middles", "Means", "Spread", "Charts") for text in reader.read)


def test_without_a_reader_it_answers_and_says_so() -> None:
    assert book(None).answer(QUESTION, VECTOR).quotes
    assert NAME not in book(None).made_by
    assert NAME in book(Prefers("median")).made_by
    assert book(None).by_words("median", 1) == [0]
