"""What gives the answer to a quiz question away is neither shown nor left standing."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.enrollments.scoring import Numeric
from learning.retrieval.chunking import PATH
from learning.tutoring.quizzes import (
    BLANK,
    QuizQuestion,
    asked_for,
    gives_away,
    has_key,
    heading_without_keys,
    masked,
    questions,
    typed_off,
    without_keys,
)

WORDS = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=5).map(" ".join)


def question(*keys: str, prompt: str = "When do we forget the most?", numeric: bool = False) -> QuizQuestion:
    return QuizQuestion(uuid4(), uuid4(), "What stayed?", prompt, keys, numeric, yes_or_no=False)


@given(before=WORDS, key=WORDS, after=WORDS, mark=st.sampled_from([" ", ", ", " - ", "\n"]))
def test_a_key_is_never_left_standing(before: str, key: str, after: str, mark: str) -> None:
    sentence = f"{before}{mark}{key.upper()}{mark}{after}."
    shown = masked(sentence, question(key))
    if shown is not None:
        assert not gives_away(shown, question(key))
        words = " ".join(re.findall(r"\w+", shown.casefold()))
        assert f" {key} " not in f" {words} "


def test_the_rest_of_the_sentence_stays() -> None:
    assert masked("Most is lost in the first hour.", question("the first hour")) == f"Most is lost in {BLANK}."


def test_a_key_inside_a_word_is_no_key() -> None:
    assert masked("Another one.", question("other")) == "Another one."


def test_numbers_answer_what_asks_for_a_number() -> None:
    assert masked("It fell from 1,200 to 7.5 within 31 days.", question(numeric=True)) == (
        f"It fell from {BLANK} to {BLANK} within {BLANK} days."
    )


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("The human heart has four chambers.", f"The human heart has {BLANK} chambers."),
        ("A four-chambered heart.", f"A {BLANK}-chambered heart."),
        ("Of Twenty-four, one hundred and five came.", f"Of {BLANK}, {BLANK} came."),
        ("Half of a dozen left.", f"{BLANK} of a {BLANK} left."),
        ("A \N{VULGAR FRACTION ONE HALF} of 5 m\N{SUPERSCRIPT TWO}.", f"A {BLANK} of {BLANK} m{BLANK}."),
        ("No one tensed in the fourth.", "No one tensed in the fourth."),
    ],
)
def test_number_words_answer_what_asks_for_a_number(sentence: str, shown: str) -> None:
    assert masked(sentence, question(numeric=True)) == shown
    assert gives_away(sentence, question(numeric=True)) is (shown != sentence)


def test_one_is_a_number_only_where_it_is_the_right_one() -> None:
    told = "One nucleus is in each."
    assert masked(told, question("1", numeric=True)) == f"{BLANK} nucleus is in each."
    assert masked(told, question("2", numeric=True)) == told


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("chloroplast", "chloroplasts"), ("chloroplasts", "chloroplast"), ("chloroplast", "chloroplast's"),
        ("survivor", "survivors"), ("gambler's fallacy", "gamblers\N{RIGHT SINGLE QUOTATION MARK} fallacies"),
        ("CO2", "CO\N{SUBSCRIPT TWO}"), ("CO\N{SUBSCRIPT TWO}", "CO2"), ("CO2", "CO 2"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}s"), ("chloroplast", "chloro\N{SOFT HYPHEN}plasts"),
        ("five kg", "5\N{SQUARE KG}"), ("80 per cent", "eighty per cent"), ("four", "4"),
        ("spacing", "\N{FULLWIDTH LATIN SMALL LETTER S}pacing"), ("flow", "\N{LATIN SMALL LIGATURE FL}ow"),
        ("mc2", "mc\N{SUPERSCRIPT TWO}"), ("64,000", "64000"), ("64000", "64,000"),
        ("Ohm's law", "OHM'S LAW"), ("Newton's law", "NEWTON\N{RIGHT SINGLE QUOTATION MARK}S LAWS"),
        ("(1, 234)", "1,234"), ("(1,234)", "1, 234"), ("1,234", "1,234"), ("10, 200 and 3", "10,200 and 3"),
        ("42", "forty-two"), ("42", "Forty two"), ("forty-two", "42"), ("42", "FORTY\N{NON-BREAKING HYPHEN}TWO"),
        ("105", "one hundred and five"), ("2,306", "two thousand three hundred six"), ("1 000 000", "1,000,000"),
    ],
)  # fmt: skip
def test_another_form_of_a_key_is_left_out_too(key: str, form: str) -> None:
    told = f"It is \N{DOUBLE-STRUCK CAPITAL Z}\N{HORIZONTAL ELLIPSIS} {form}, \N{SQUARE KG} said."
    assert gives_away(told, question(key))
    assert masked(told, question(key)) == told.replace(form, BLANK)


@pytest.mark.parametrize(
    ("key", "told", "shown"),
    [
        ("100", "(3,100)", f"(3,{BLANK})"), ("3", "(3,100)", f"({BLANK},100)"), ("10", "[10,200]", f"[{BLANK},200]"),
        ("200,300", "[10,200,300]", f"[10,{BLANK}]"), ("3100", "(3,100)", f"({BLANK})"),
        ("100", "3,1000", "3,1000"), ("34", "1,234", "1,234"), ("234,567", "1234,567", "1234,567"),
    ],
)  # fmt: skip
def test_numbers_with_a_comma_may_be_one_or_several(key: str, told: str, shown: str) -> None:
    assert masked(f"It gives {told}.", question(key)) == f"It gives {shown}."
    assert heading_without_keys(f"A module{PATH}{told}", [question(key)]) == (
        f"A module{PATH}{told}" if shown == told else "A module"
    )


@pytest.mark.parametrize(
    ("key", "told", "shown"),
    [
        ("40", "forty-two", f"{BLANK}-two"), ("100", "one hundred and five", f"one {BLANK} and five"),
        ("5", "between five and six", f"between {BLANK} and six"), ("11", "five and six", "five and six"),
        ("42", "forty, two", "forty, two"), ("42", "seventy-two", "seventy-two"),
        ("105", "100 and five", "100 and five"),
    ],
)  # fmt: skip
def test_number_words_in_a_row_may_be_one_or_several(key: str, told: str, shown: str) -> None:
    assert masked(f"They are {told}.", question(key)) == f"They are {shown}."


@pytest.mark.parametrize(
    "marks", ["_{}_", "**{}**", "{}\N{TRADE MARK SIGN}", "{}\N{SUPERSCRIPT ONE}", "\N{NO-BREAK SPACE}{}\N{THIN SPACE}"]
)
def test_what_stands_at_a_key_does_not_hide_it(marks: str) -> None:
    assert masked(f"Call it {marks.format('spacing')}.", question("spacing")) == f"Call it {marks.format(BLANK)}."


@pytest.mark.parametrize(
    ("key", "told", "shown"),
    [
        ("no", "Nobody knows; none at noon, not now.", None),
        ("a", "As an ape at all times.", None),
        ("a", "An ape has a tail.", f"An ape has {BLANK} tail."),
        ("its", "It is, and it's so.", None),
        ("as", "Was it an ass?", None),
    ],
)
def test_a_short_key_is_nothing_but_itself(key: str, told: str, shown: str | None) -> None:
    assert masked(told, question(key)) == (told if shown is None else shown)


def test_keys_that_overlap_leave_one_gap() -> None:
    told = "This is called the spacing effect in short."
    for keys in (("spacing", "spacing effect", "the spacing"), ("the spacing", "spacing effect", "spacing")):
        assert masked(told, question(*keys)) == f"This is called {BLANK} in short."


def test_nothing_answers_yes_or_no() -> None:
    asked = QuizQuestion(uuid4(), uuid4(), "Quiz", "Is it so?", (), False, yes_or_no=True)
    assert masked("It is so.", asked) is None


def test_a_long_key_in_other_order_is_not_shown() -> None:
    key = "because repeated retrieval strengthens memory traces over time"
    assert masked("Over time repeated retrieval strengthens traces of memory because.", question(key)) is None


@pytest.mark.parametrize(
    ("asked", "prompt", "is_typed_off"),
    [
        ("when do we forget the most", "When do we forget the most?", True),
        ("Please help: When do we forget the most?? A) ...", "When do we forget the most?", True),
        ("What is forgetting?", "When do we forget the most?", False),
        ("Even?", "Even?", True),
        ("Is ten even?", "Even?", False),
    ],
)
def test_what_was_typed_off(asked: str, prompt: str, is_typed_off: bool) -> None:
    assert typed_off(asked, prompt) is is_typed_off


def test_without_vectors_words_have_to_do() -> None:
    one, other = question(prompt="When do we forget the most?"), question(prompt="Which interval is best for a term?")
    assert asked_for("which interval is best for a term", None, [one, other], None) is other
    assert asked_for("how do plants grow", None, [one, other], None) is None


def test_keys_by_kind() -> None:
    ids = [str(uuid4()) for _ in range(3)]
    options = [{"id": id, "text": text} for id, text in zip(ids, ("one", "two", "three"), strict=True)]
    given_questions = [
        {"kind": "single_choice", "options": options, "correct": ids[1]},
        {"kind": "multiple_choice", "options": options, "correct": ids[1:]},
        {"kind": "short_text", "accepted": ["Paris", "paris, France"]},
        {"kind": "numeric", "correct": 4},
        {"kind": "true_false", "correct": True},
    ]
    unit = {
        "id": str(uuid4()), "title": "Quiz",
        "quiz": {"questions": [{"id": str(uuid4()), "prompt": "?"} | each for each in given_questions]},
    }  # fmt: skip
    content = {"modules": [{"units": [{"id": str(uuid4()), "title": "Text", "quiz": None}, unit]}]}
    found = list(questions(content))
    assert [each.keys for each in found] == [("two",), ("two", "three"), ("Paris", "paris, France"), ("4",), ()]
    assert [each.numeric for each in found] == [False, False, False, True, False]
    assert [each.yes_or_no for each in found] == [False, False, False, False, True]


def test_a_quotation_leaves_out_what_answers_a_quiz_that_is_near_the_question() -> None:
    asked, vectors = question("lava"), np.array([[1.0, 0.0]], dtype=np.float32)
    near, far = np.array([0.55, 0.0], dtype=np.float32), np.array([0.3, 0.0], dtype=np.float32)
    told = "A mountain spits it out as lava."
    assert without_keys(told, near, [asked], vectors) == f"A mountain spits it out as {BLANK}."
    assert without_keys(told, far, [asked], vectors) == told
    assert without_keys("Lava.", near, [asked], vectors) is None


def test_a_quotation_is_near_by_any_of_the_vectors_of_what_was_asked() -> None:
    asked, vectors = question("lava"), np.array([[1.0, 0.0]], dtype=np.float32)
    both = np.array([[0.55, 0.0], [0.3, 0.0]], dtype=np.float32)
    for some in (both, both[::-1]):
        assert without_keys("It spits out lava.", some, [asked], vectors) == f"It spits out {BLANK}."


@pytest.mark.parametrize("known", [True, False])
def test_without_vectors_every_open_quiz_is_near(known: bool) -> None:
    vectors, vector = np.array([[1.0, 0.0]], dtype=np.float32), np.array([0.3, 0.0], dtype=np.float32)
    some, prompts = (None, vectors) if known else (vector, None)
    assert without_keys("It spits out lava.", some, [question("lava")], prompts) == f"It spits out {BLANK}."
    assert without_keys("Lava.", some, [question("lava")], prompts) is None


def test_what_answers_yes_or_no_is_held_back() -> None:
    asked = QuizQuestion(uuid4(), uuid4(), "Quiz", "Does a volcano spit out magma?", (), False, yes_or_no=True)
    vectors, told = np.array([[1.0, 0.0]], dtype=np.float32), "Volcanoes spit it out."
    assert without_keys(told, np.array([0.55, 0.0], dtype=np.float32), [asked], vectors) is None
    assert without_keys(told, np.array([0.3, 0.0], dtype=np.float32), [asked], vectors) == told
    assert without_keys(told, None, [asked], vectors) is None
    assert without_keys("The median is in the middle.", None, [asked], vectors) is not None


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (("Techniques", "Testing", "Why it works"), 3),
        (("Techniques", "Spacing: the same hours", "Why it works"), 1),
        (("Techniques", "Testing", "How it is spaced"), 2),
        (("Four techniques", "Distributed", "practice"), 2),
        (("Spacing", "Why it works"), 0),
        (("Techniques", "THE ELDER'S RULE", "Why it works"), 1),
        (("Week 12", "Why it works"), 0),
        (("Week 11", "Twelve weeks"), 1),
        (("Week 11", "Twenty-one amendments"), 1),
        (("Twenty-two weeks", "One hundred and twenty"), 2),
    ],
)
def test_a_heading_is_cut_back_to_what_gives_nothing_away(path: tuple[str, ...], kept: int) -> None:
    asked = [
        question("spacing", "distributed practice", "elder's rule"),
        question("12", numeric=True),
        question("21", numeric=True),
    ]
    for among in (asked, asked[::-1]):
        assert heading_without_keys(PATH.join(path), among) == (PATH.join(path[:kept]) if kept else None)


def numeric(correct: float, tolerance: float | None = None) -> QuizQuestion:
    asked = {"id": str(uuid4()), "prompt": "How much is it?", "kind": "numeric", "correct": correct}
    if tolerance is not None:
        asked["tolerance"] = tolerance
    unit = {"id": str(uuid4()), "title": "Quiz", "quiz": {"questions": [asked]}}
    [found] = questions({"modules": [{"units": [unit]}]})
    return found


@pytest.mark.parametrize(
    ("asked", "told", "is_right"),
    [
        (numeric(9.81, 0.05), "Gravity is 9.8 m/s\N{SUPERSCRIPT TWO}", True), (numeric(9.81, 0.05), "9.810", True),
        (numeric(9.81, 0.05), "9.76 to start with", True), (numeric(9.81, 0.05), "9.86, at most", True),
        (numeric(9.81, 0.05), "9.75", False), (numeric(9.81, 0.05), "9.87", False),
        (numeric(9.81, 0.05), "9, 8", False), (numeric(9.81, 0.05), "9,8 m/s", True),
        (numeric(9.81, 0.05), "Section 9.8.1", False),
        (numeric(9.81), "9.810", True), (numeric(9.81), "9.8", False), (numeric(9.81, 0), "9.8", False),
        (numeric(1000, 50), "About 1,040 of them", True), (numeric(1000, 50), "About 1,060 of them", False),
        (numeric(1000, 50), "Nine hundred and fifty-five", True), (numeric(1000, 50), "Nine hundred, then 55", False),
        (numeric(1234.5, 0.1), "It is 1,234.56", True), (numeric(200, 1), "Of (10,201)", True),
        (numeric(2, 0.5), "Two halves", True), (numeric(1.2, 0.5), "One half", True), (numeric(2, 0.5), "One", False),
        (numeric(-4, 0.5), "At \N{MINUS SIGN}3.9 degrees", True), (numeric(-0.5, 1), "At -1.4 degrees", True),
        (numeric(-0.5, 1), "At 1.6 degrees", False), (numeric(3.5, 0.5), "Pages 2-4", True),
    ],
)  # fmt: skip
def test_a_number_that_is_near_enough_is_a_key(asked: QuizQuestion, told: str, is_right: bool) -> None:
    assert heading_without_keys(f"A module{PATH}{told}", [asked]) == (
        "A module" if is_right else f"A module{PATH}{told}"
    )


def test_one_is_a_number_where_it_is_near_enough() -> None:
    told = "One nucleus is in each."
    assert masked(told, numeric(1.2, 0.5)) == f"{BLANK} nucleus is in each."
    assert masked(told, numeric(1.2, 0.1)) == told


def test_a_number_is_near_enough_as_far_as_it_scores() -> None:
    asked, tolerance = numeric(0.3, 0.1), Decimal("0.1")
    scored = Numeric(id="q", points=Decimal(1), explanation="", correct=Decimal("0.3"), tolerance=tolerance)
    for told in (0.19, 0.2, 0.25, 0.4, 0.41):
        assert has_key(f"It is {told}", asked) is scored.is_right(told)
