"""Passages in memory: words and meaning together, and nothing where nothing is near."""

from __future__ import annotations

import numpy as np

from learning.retrieval.library import Library, Text

TEXTS = [
    Text("Middles", "The median is the value in the middle of a list in order."),
    Text("Spread", "The standard deviation measures how far values lie from their mean."),
    Text("Volcanoes", "Magma rises through the crust until a volcano erupts."),
]
AXES = np.eye(3, dtype=np.float32)
NOWHERE = np.zeros(3, dtype=np.float32)


def library() -> Library:
    return Library(TEXTS, AXES, lambda word: word.removesuffix("s"), frozenset({"the", "of", "a", "is", "in"}))


def test_words_and_meaning_are_put_together() -> None:
    hits = library().search("Which value lies in the middle?", AXES[0])
    assert hits[0].place == 0
    assert library().covers(AXES[0])
    assert library().search("lava", AXES[2])[0].place == 2  # no word of it, but the meaning
    assert library().search("volcano eruptions of magma", NOWHERE)[0].place == 2


def test_words_that_are_shared_by_chance_are_no_answer() -> None:
    assert library().by_words("Who measured the crust of the bread in Paris?") != []
    assert not library().covers(NOWHERE)
    assert library().search("", NOWHERE) == []
