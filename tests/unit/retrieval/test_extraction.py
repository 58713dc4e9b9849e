"""Choosing sentences."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from learning.retrieval.blocks import CODE
from learning.retrieval.extraction import (
    Around,
    Likeness,
    Quote,
    Signs,
    answer,
    by_words,
    candidates,
    is_supported,
    select,
)


def test_candidates_say_something_and_come_once() -> None:
    first = (
        f"The median is the middle value. Too short. Is this a question?\nThese are values:\n{CODE}x = the sum of it"
    )
    second = "The median is the middle value. It ignores how far others lie."
    assert candidates([first, second]) == [
        Quote("The median is the middle value.", 0),
        Quote("It ignores how far others lie.", 1),
    ]


def test_words_choose_what_shares_the_rare_ones() -> None:
    quotes = candidates(
        [
            "The mean adds everything up and divides. The mean is pulled by outliers.",
            "The median hardly moves for outliers.",
        ]
    )
    chosen = select(quotes, by_words("What does the median do with outliers?", quotes), 1)
    assert [quote.text for quote in chosen] == ["The median hardly moves for outliers."]


def test_nothing_in_common_gives_nothing() -> None:
    quotes = candidates(["The mean adds everything up and divides."])
    assert select(quotes, by_words("Volcanoes erupt", quotes), 3) == []
    assert select([], by_words("Volcanoes erupt", []), 3) == []


def test_a_repetition_gives_way_to_something_new() -> None:
    question = np.array([1.0, 0.0, 0.0], dtype=np.float32)
    vectors = np.array([[0.9, 0.436, 0], [0.895, 0.446, 0], [0.85, 0, 0.527]], dtype=np.float32)
    quotes = [Quote("a", 0), Quote("a again", 0), Quote("b", 1)]
    likeness = Likeness(vectors @ question, vectors @ vectors.T)
    assert select(quotes, likeness, 2) == [Quote("a", 0), Quote("b", 1)]


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=12), st.integers(1, 5))
def test_the_best_is_always_chosen_and_order_is_kept(fit: list[float], limit: int) -> None:
    quotes = [Quote(str(index), index) for index in range(len(fit))]
    likeness = Likeness(np.array(fit, dtype=np.float32), np.eye(len(fit), dtype=np.float32))
    chosen = select(quotes, likeness, limit)
    if max(fit) <= 0:
        assert chosen == []
    else:
        assert max(fit) in [fit[quote.source] for quote in chosen]
        assert len(chosen) <= limit
        assert [quote.source for quote in chosen] == sorted(quote.source for quote in chosen)


def test_support() -> None:
    assert is_supported(0.4, 0.0)
    assert is_supported(None, 1.0)
    assert is_supported(0.1, 0.7)
    assert not is_supported(0.2, 0.3)
    assert not is_supported(None, 0.3)


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0, 0.9), st.integers(1, 100_000), st.floats(0, 0.1))
def test_more_signs_never_make_an_answer_less_likely(
    similarity: float, coverage: float, sentence: float, among: int, more: float
) -> None:
    around = Around(among, 0.2)
    less = Signs(similarity, coverage, around).odds(sentence)
    assert Signs(similarity + more, coverage, around).odds(sentence) >= less
    assert Signs(similarity, coverage + more, around).odds(sentence + more) >= less
    assert Signs(similarity, coverage, Around(among, 0.2 + more)).odds(sentence) >= less
    assert Signs(similarity, coverage, Around(2 * among, 0.2)).odds(sentence) <= less


def test_what_is_hardly_about_the_question_is_no_answer() -> None:
    quotes, likeness = [Quote("a", 0)], Likeness(np.array([0.3], dtype=np.float32), np.eye(1, dtype=np.float32))
    around = Around.of(300, [0.6, 0.2])
    assert answer(quotes, likeness, Signs.of([(0.6, 0.5), (None, 0.2)], around), 1) == quotes
    assert answer(quotes, likeness, Signs.of([(0.2, 0.1)], around), 1) == []
    assert answer([], likeness, Signs.of([], Around.of(0, [])), 1) == []
