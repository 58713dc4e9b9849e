"""Passages in memory: words and meaning together, and nothing where nothing is near."""

from __future__ import annotations

import numpy as np

from learning.retrieval.library import Library, Text, Vectors

TEXTS = [
    Text("Middles", "The median is the value in the middle of a list in order."),
    Text("Spread", "The standard deviation measures how far values lie from their mean."),
    Text("Volcanoes", "Magma rises through the crust until a volcano erupts."),
]
AXES = np.eye(3, dtype=np.float32)
NOWHERE = np.zeros(3, dtype=np.float32)


def library() -> Library:
    return Library(TEXTS, AXES, lambda word: word.removesuffix("s"), frozenset({"the", "of", "a", "is", "in"}))


def first(question: str, vector: Vectors) -> int:
    return library().search(question, vector)[0].candidate.item


def test_words_and_meaning_are_put_together() -> None:
    assert first("Which value lies in the middle?", AXES[0]) == 0
    assert first("lava", AXES[2]) == 2  # no word of it, but the meaning
    assert first("volcano magma", NOWHERE) == 2


def test_words_that_are_shared_by_chance_find_nothing() -> None:
    assert library().by_words("Who measured the crust of the bread in Paris?") != []
    assert library().search("Who measured the crust of the bread in Paris?", NOWHERE) == []
    assert library().search("", NOWHERE) == []


def test_coverage_is_of_the_weight_of_all_words() -> None:
    [found] = library().search("median of Zanzibar", NOWHERE + 0.2)[:1]
    assert 0 < found.candidate.coverage < 1


def test_the_first_are_of_sections_of_their_own_whatever_their_headings() -> None:
    texts = [Text(f"Part {place}", "Magma rises.", "1" if place < 3 else "2") for place in range(4)]
    vectors = np.array([[1.0, 0.0], [0.99, 0.14], [0.98, 0.2], [0.8, 0.6]], dtype=np.float32)
    found = Library(texts, vectors, str, frozenset()).search("magma", vectors[0])
    assert [one.candidate.item for one in found][:2] == [0, 3]
