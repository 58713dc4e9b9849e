"""What a model says is shown as far as the excerpts bear it out, with the numbers of those that do."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.embedding.minilm import DIMENSIONS
from learning.tutoring.replies import DECLINED, NOT_ALL
from learning.tutoring.wording import Wording

MEDIAN = "The median is the middle value of a sorted list of numbers."
CURVE = "Most of what is learned is forgotten within the first hour, as Ebbinghaus found."
EXCERPTS = [f"Middles\n\n{MEDIAN}", "Mountains\n\nVolcanoes erupt when magma rises.", f"Memory\n\n{CURVE}"]
ABOUT_NOTHING = "Lima is the largest city of Peru and lies on the coast. "


def said(*sentences: str) -> tuple[str, Wording]:
    wording = Wording(EXCERPTS, {})
    return "".join([wording.take(sentence) for sentence in sentences] + [wording.finish()]), wording


def test_what_is_cited_rightly_stays_and_is_numbered_anew() -> None:
    text, wording = said("Most of what is learned is forgotten within the first hour [3]. ", f"{MEDIAN[:-1]} [1].")
    assert text == f"Most of what is learned is forgotten within the first hour [1]. {MEDIAN[:-1]} [2]."
    assert wording.cited == (2, 0)


def test_a_number_out_of_range_is_left_out_and_the_right_one_put_in() -> None:
    text, wording = said(f"{MEDIAN[:-1]} [9].")
    assert (text, wording.cited) == (f"{MEDIAN[:-1]} [1].", (0,))


def test_what_is_cited_wrongly_gets_the_number_of_what_bears_it_out() -> None:
    text, wording = said(f"{MEDIAN[:-1]} [2].")
    assert (text, wording.cited) == (f"{MEDIAN[:-1]} [1].", (0,))


@pytest.mark.parametrize("spaced", ["[1] ", "[1]. ", "\n[1]\n"])
def test_a_number_behind_the_stop_is_not_shown_twice(spaced: str) -> None:
    text, wording = said(f"{MEDIAN} ", f"{spaced}{CURVE}")
    assert text.count("[1]") == 1
    assert wording.cited == (0, 2)


def test_a_short_answer_keeps_the_number_behind_its_stop() -> None:
    text, wording = said("The middle one. ", "[1] ")
    assert (text.split(), wording.cited) == (["The", "middle", "one.", "[1]"], (0,))


def test_what_was_shown_is_not_shown_again() -> None:
    text, wording = said(
        f"{MEDIAN} ", f"{MEDIAN[:-1]} [1].\n\n", f"{MEDIAN.upper()} ", "[1] ", "The median is the middle"
    )
    assert (text, wording.cited) == (f"{MEDIAN[:-1]} [1]. ", (0,))


def test_what_was_not_shown_may_come_again_where_it_is_borne_out() -> None:
    text, wording = said(ABOUT_NOTHING, f"{CURVE} ", ABOUT_NOTHING, f"{MEDIAN} ", f"{CURVE} ")
    assert text == f"{CURVE[:-1]} [1]. {MEDIAN[:-1]} [2]. "
    assert wording.cited == (2, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        ABOUT_NOTHING,
        "The median is the middle value of a sorted list of 12 numbers [1]. ",
        "The median is not the middle value of a sorted list of numbers [1]. ",
        "Most of what is learned is forgotten within the first hour, as Pavlov found [3]. ",
    ],
)
def test_what_no_excerpt_bears_out_is_left_out(wrong: str) -> None:
    text, wording = said(wrong, f"{MEDIAN} ")
    assert text == f"{MEDIAN[:-1]} [1]. "
    assert wording.cited == (0,)
    nothing, alone = said("Good question! ", wrong, "That is all.")
    assert (nothing, alone.cited, alone.refuses) == ("", (), False)


@pytest.mark.parametrize(
    "refusal",
    [
        "The excerpts do not answer the question.",
        "The provided text doesn't mention Peru.",
        "The capital of Peru is not mentioned in the excerpts.",
        "I cannot answer that.",
        "None of this is clear: the course material does not cover it [2].",
        "The excerpts do not state this, but Napoleon died in Paris in 1830 after a duel.",
        "I cannot answer that exactly, yet the dosage of paracetamol for infants is 4000 mg per day.",
    ],
)
def test_who_says_that_the_excerpts_do_not_answer_declines(refusal: str) -> None:
    text, wording = said("Good question! ", refusal)
    assert (text, wording.refuses, wording.cited) == (DECLINED, True, ())
    for order in ([f"{refusal} ", MEDIAN], [f"{MEDIAN} ", refusal]):
        both, answered = said(*order)
        assert both.replace(" \n", "\n") == f"{MEDIAN[:-1]} [1].\n\n{NOT_ALL}"
        assert not answered.refuses


@pytest.mark.parametrize(
    "statement",
    [
        "The material does not conduct any electricity at all. ",
        "Of course animal cells do not contain mitochondria at all. ",
    ],
)
def test_a_statement_about_a_material_is_no_refusal(statement: str) -> None:
    text, wording = said(statement)
    assert (text, wording.refuses) == ("", False)


def test_other_words_are_borne_out_by_their_meaning() -> None:
    statement, direction = "Sort everything and take whatever lies halfway.", np.eye(1, DIMENSIONS, dtype=np.float32)[0]
    assert Wording(EXCERPTS, {}).take(statement) == ""
    meant = Wording(EXCERPTS, {MEDIAN: direction})
    assert meant.take(statement, direction) == f"{statement[:-1]} [1]."
    assert Wording(EXCERPTS, {MEDIAN: direction}).take(statement, -direction) == ""


@given(
    st.lists(st.sampled_from([f"{MEDIAN} ", f"{CURVE} ", ABOUT_NOTHING, "Well [7]. ", "So it is [2]. ", "Why? [3] "]))
)
def test_every_number_leads_to_a_source(sentences: list[str]) -> None:
    text, wording = said(*sentences)
    numbers = [int(number) for number in re.findall(r"\[(\d+)]", text)]
    assert sorted(set(numbers)) == list(range(1, len(wording.cited) + 1))
    assert list(dict.fromkeys(numbers)) == sorted(set(numbers))
    assert "Peru" not in text
