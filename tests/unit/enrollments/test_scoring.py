"""Scoring of quizzes, kind by kind and as a whole."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deployments.enrollments.progress import HUNDRED
from deployments.enrollments.scoring import (
    Answer,
    AnswerFault,
    MultipleChoice,
    Numeric,
    Question,
    Quiz,
    ShortText,
    SingleChoice,
    TrueFalse,
    fold,
    score_quiz,
)
from deployments.kit.errors import Invalid

OPTIONS = frozenset({"a", "b", "c", "d"})
COMMON: dict[str, Any] = {"points": Decimal(1), "explanation": ""}
answers = st.one_of(
    st.sampled_from(sorted(OPTIONS)),
    st.text(max_size=5),
    st.lists(st.sampled_from(sorted(OPTIONS)), max_size=6),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**15), 10**15),
)


def single(correct: str = "b") -> SingleChoice:
    return SingleChoice(id="q", options=OPTIONS, correct=correct, **COMMON)


def multiple(correct: set[str]) -> MultipleChoice:
    return MultipleChoice(id="q", options=OPTIONS, correct=frozenset(correct), **COMMON)


def numeric(correct: str, tolerance: str = "0") -> Numeric:
    return Numeric(id="q", correct=Decimal(correct), tolerance=Decimal(tolerance), **COMMON)


def short(*accepted: str) -> ShortText:
    return ShortText(id="q", accepted=frozenset(map(fold, accepted)), **COMMON)


questions = st.one_of(
    st.sampled_from(sorted(OPTIONS)).map(single),
    st.sets(st.sampled_from(sorted(OPTIONS)), min_size=1).map(multiple),
    st.booleans().map(lambda value: TrueFalse(id="q", correct=value, **COMMON)),
    st.decimals(-1000, 1000, places=3).map(lambda value: numeric(str(value), "0.5")),
    st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3).map(lambda texts: short(*texts)),
)


@given(questions, answers)
def test_every_answer_is_right_wrong_or_refused(question: Question, answer: Answer) -> None:
    with suppress(AnswerFault):
        assert question.is_right(answer) in (True, False)


@given(st.sampled_from(sorted(OPTIONS)), st.sampled_from(sorted(OPTIONS)))
def test_single_choice(correct: str, answer: str) -> None:
    assert single(correct).is_right(answer) == (answer == correct)


@given(st.sets(st.sampled_from(sorted(OPTIONS))), st.lists(st.sampled_from(sorted(OPTIONS))))
def test_multiple_choice_is_all_or_nothing_in_any_order(correct: set[str], answer: list[str]) -> None:
    assert multiple(correct).is_right(answer) == (set(answer) == correct)


@pytest.mark.parametrize(
    ("question", "answer", "code"),
    [
        (single(), "e", "unknown_option"),
        (single(), ["b"], "wrong_type"),
        (single(), True, "wrong_type"),
        (multiple({"a"}), ["a", "e"], "unknown_option"),
        (multiple({"a"}), "a", "wrong_type"),
        (TrueFalse(id="q", correct=True, **COMMON), 1, "wrong_type"),
        (TrueFalse(id="q", correct=True, **COMMON), "true", "wrong_type"),
        (numeric("1"), True, "wrong_type"),
        (numeric("1"), "1", "wrong_type"),
        (short("x"), 1.0, "wrong_type"),
    ],
)
def test_answers_that_do_not_fit(question: Question, answer: Answer, code: str) -> None:
    with pytest.raises(AnswerFault) as fault:
        question.is_right(answer)
    assert fault.value.code == code


@given(st.decimals(-1000, 1000, places=2), st.decimals(0, 10, places=2), st.decimals(-20, 20, places=2))
def test_numeric_within_the_tolerance_both_ends_included(correct: Decimal, tolerance: Decimal, off: Decimal) -> None:
    question = numeric(str(correct), str(tolerance))
    assert question.is_right(float(correct + off)) == (abs(off) <= tolerance)


def test_numeric_counts_in_decimal() -> None:
    assert numeric("0.3", "0.1").is_right(0.4)
    assert numeric("0.3", "0.1").is_right(0.2)
    assert not numeric("0.3", "0.1").is_right(0.4000001)
    assert numeric("5").is_right(5)
    assert numeric("1e15").is_right(1e15)


@given(st.text(max_size=30))
def test_folding_forgets_case_width_and_spaces(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    for same in (
        text.casefold(),
        f"  {text}\n",
        unicodedata.normalize("NFKC", text),
        unicodedata.normalize("NFD", text),
    ):
        assert fold(same) == fold(text)


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("Straße", "STRASSE"),
        ("café", "CAFE\u0301"),
        ("ABC 12", "\uff21\uff22\uff23\u3000\uff11\uff12"),  # full width
        ("working memory", " Working \t memory\n"),
        ("ﬁne", "FINE"),
        ("Ὀδυσσεύς", "ὀδυσσεύσ"),
    ],
)
def test_short_texts_that_are_the_same(accepted: str, answer: str) -> None:
    assert short(accepted).is_right(answer)


def test_short_texts_that_are_not() -> None:
    assert not short("cafe").is_right("café")
    assert not short("workingmemory").is_right("working memory")
    assert short("one", "two").is_right("TWO")


POINTS = st.decimals(Decimal("0.01"), 100, places=2)


def quiz_of(points: list[Decimal], mark: Decimal = Decimal(50)) -> Quiz:
    made = tuple(TrueFalse(id=f"q{n}", points=worth, explanation="", correct=True) for n, worth in enumerate(points))
    return Quiz(questions=made, pass_mark_percent=mark, attempts_allowed=None)


@given(st.lists(st.tuples(POINTS, st.none() | st.booleans()), min_size=1, max_size=20), st.decimals(0, 100, places=2))
def test_the_score_is_the_points_earned(given_: list[tuple[Decimal, bool | None]], mark: Decimal) -> None:
    quiz = quiz_of([points for points, _ in given_], mark)
    result = score_quiz(quiz, {f"q{n}": answer for n, (_, answer) in enumerate(given_)})
    earned = sum((points for points, answer in given_ if answer), Decimal())
    maximum = sum((points for points, _ in given_), Decimal())
    assert (result.points, result.maximum_points) == (earned, maximum)
    assert 0 <= result.score <= 100
    assert (result.score == HUNDRED) == (earned == maximum)
    assert result.passed == (earned * 100 >= mark * maximum)
    assert [one.correct for one in result.questions] == [answer is True for _, answer in given_]


@given(st.lists(POINTS, min_size=1, max_size=8), st.data())
def test_leaving_answers_out_never_helps(points: list[Decimal], data: st.DataObject) -> None:
    quiz = quiz_of(points)
    full = {f"q{n}": data.draw(st.booleans()) for n in range(len(points))}
    kept = data.draw(st.sets(st.sampled_from(sorted(full))))
    assert score_quiz(quiz, {key: full[key] for key in kept}).score <= score_quiz(quiz, full).score


@given(st.dictionaries(st.text(max_size=4), st.booleans(), max_size=5))
def test_unknown_questions_are_refused_each_by_name(given_: dict[str, bool]) -> None:
    quiz = quiz_of([Decimal(1), Decimal(2)])
    unknown = set(given_) - {"q0", "q1"}
    assume(unknown)
    with pytest.raises(Invalid) as refused:
        score_quiz(quiz, given_)
    assert {error["pointer"].removeprefix("/body/answers/") for error in refused.value.extra["errors"]} == unknown
    assert refused.value.status == 422


def test_every_fault_is_listed_at_once() -> None:
    quiz = Quiz(
        questions=(single(), TrueFalse(id="r", correct=True, **COMMON)), pass_mark_percent=HUNDRED, attempts_allowed=1
    )
    with pytest.raises(Invalid) as refused:
        score_quiz(quiz, {"q": "z", "r": "yes", "s": 1})
    assert sorted(error["code"] for error in refused.value.extra["errors"]) == [
        "unknown_option",
        "unknown_question",
        "wrong_type",
    ]


@given(st.none() | st.integers(1, 5), st.integers(0, 9))
def test_attempts_left(allowed: int | None, used: int) -> None:
    left = Quiz(questions=(), pass_mark_percent=HUNDRED, attempts_allowed=allowed).attempts_left(used)
    assert left == (None if allowed is None else max(0, allowed - used))
