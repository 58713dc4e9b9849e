"""However an answer is cut into pieces, the same is shown of it, and no sentence that gives a quiz away."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.tutoring.guarding import Guard
from learning.tutoring.quizzes import BLANK, QuizQuestion

ASKED = QuizQuestion(uuid4(), uuid4(), "Quiz", "Which value stays?", ("middle value",), False, False)
SENTENCES = st.lists(
    st.sampled_from(
        [
            "It is so. ",
            "The middle value stays. ",
            "Why?\n",
            f"{BLANK}.\n",
            f"- {BLANK}\n",
            "[1] ",
            "2. ",
            "x" * 40 + "! ",
        ]
    ),
    max_size=12,
)


@given(sentences=SENTENCES, cuts=st.lists(st.integers(1, 30), max_size=30))
def test_pieces_make_no_difference(sentences: list[str], cuts: list[int]) -> None:
    text, guard, found = "".join(sentences), Guard([ASKED]), list[str]()
    rest = text
    for cut in cuts:
        found += guard.take(rest[:cut])
        rest = rest[cut:]
    found += guard.take(rest) + guard.finish()
    shown = "".join(found)
    assert "middle value" not in shown
    assert BLANK not in shown
    whole = Guard([ASKED])
    assert found == whole.take(text) + whole.finish()
    if "middle" not in text and BLANK not in text:
        assert shown == text


def test_a_number_answers_what_asks_for_one_but_for_that_of_an_excerpt() -> None:
    asked = QuizQuestion(uuid4(), uuid4(), "Quiz", "How many values?", (), numeric=True, yes_or_no=False)
    guard = Guard([asked])
    said = "Count them [1]. There are 7 of them [2]. Seven it is.\nThen sort [1, 2]."
    assert "".join(guard.take(said) + guard.finish()) == "Count them [1]. Then sort [1, 2]."


def test_the_mark_of_a_list_goes_with_what_it_stands_before() -> None:
    said = "1. The middle value.\n2. Sort them.\n- The middle value stays.\n"
    guard = Guard([ASKED])
    assert "".join(guard.take(said) + guard.finish()) == "2. Sort them.\n"


def test_a_key_in_brackets_is_no_citation() -> None:
    asked = QuizQuestion(uuid4(), uuid4(), "Quiz", "What does it return?", ("[1, 2]",), False, False)
    guard = Guard([asked])
    assert "".join(guard.take("It returns [1, 2]. It is sorted [1].") + guard.finish()) == "It is sorted [1]."


@pytest.mark.parametrize("key", ["1", "one"])
def test_the_number_of_an_excerpt_is_no_key(key: str) -> None:
    guard = Guard([QuizQuestion(uuid4(), uuid4(), "Quiz", "How many nuclei?", (key,), False, False)])
    said = "Each has a nucleus [1]. There is one in each [2]."
    assert "".join(guard.take(said) + guard.finish()) == "Each has a nucleus [1]. "


def test_another_form_of_a_key_is_not_shown() -> None:
    guard = Guard([ASKED])
    assert "".join(guard.take("The _middle values_ stay. That is all.") + guard.finish()) == "That is all."


@pytest.mark.parametrize(
    ("key", "told"),
    [("Ohm's law", "OHM'S LAW relates voltage and current."), ("(1, 234)", "It returns (1,234)."),
     ("10", "It returns [10,200]."), ("[1,234]", "It returns [1,234].")],
)  # fmt: skip
def test_a_key_is_not_shown_however_it_is_set(key: str, told: str) -> None:
    guard = Guard([QuizQuestion(uuid4(), uuid4(), "Quiz", "What is it?", (key,), False, False)])
    assert "".join(guard.take(f"{told} That is all.") + guard.finish()) == "That is all."
