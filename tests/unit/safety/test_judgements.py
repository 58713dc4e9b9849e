"""Grounding, protected attributes and quiz keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.safety.attributes import mentions
from learning.safety.grounding import Grounding, Mismatch
from learning.safety.quiz_keys import QuizKey, leaks

SOURCE = (
    "Hermann Ebbinghaus measured forgetting around 1880. After one hour savings were 44 per cent. "
    "Forgetting is steep at first and then slows. Practice that feels easy does not last."
)


@pytest.mark.parametrize(
    "statement",
    ["Forgetting is steep at first and then slows.", "Around 1880 Hermann Ebbinghaus measured how forgetting works."],
)
def test_what_the_source_says_is_supported(statement: str) -> None:
    (found,) = Grounding().check(statement, [SOURCE]).statements
    assert found.supported
    assert found.source == 0
    assert found.mismatches == ()


@pytest.mark.parametrize(
    ("statement", "mismatch"),
    [
        ("After one hour savings were 58 per cent.", Mismatch.NUMBER),
        ("Forgetting is not steep at first and then slows.", Mismatch.NEGATION),
        ("Practice that feels easy does last.", Mismatch.NEGATION),
        ("Around 1880 it was Hermann Rorschach who measured forgetting.", Mismatch.NAME),
    ],
)
def test_a_changed_number_name_or_not_is_no_support(statement: str, mismatch: Mismatch) -> None:
    (found,) = Grounding().check(statement, [SOURCE]).statements
    assert mismatch in found.mismatches
    assert not found.supported


def test_another_subject_is_not_supported() -> None:
    report = Grounding().check("Volcanoes erupt when magma reaches the surface. Shall we go on?", [SOURCE])
    assert [each.supported for each in report.statements] == [False]
    assert report.share == 0.0


def test_without_sources_nothing_is_supported() -> None:
    report = Grounding().check("Forgetting is steep at first.", [])
    assert [each.source for each in report.statements] == [None]


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=3))
def test_any_text_is_judged(text: str, sources: list[str]) -> None:
    report = Grounding().check(text, sources)
    assert 0 <= report.share <= 1
    assert all(0 <= each.score <= 1 and each.start < each.end <= len(text) for each in report.statements)


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("Because she is a girl, the physics track is too hard.", "sex"),
        ("He is too old for this course and should take another one.", "age"),
        ("Since his family is from a poor neighbourhood, I recommend the vocational track.", "social_origin"),
        ("Muslim students are less likely to finish, so choose others.", "religion"),
        ("Given her dyslexia, she should not take literature.", "disability"),
    ],
)
def test_reasons_are_noticed(text: str, attribute: str) -> None:
    assert any(each.attribute == attribute and each.as_reason for each in mentions(text))


@pytest.mark.parametrize(
    "text",
    [
        "Recommend unit 3, since quiz 2 was failed twice.",
        "The course treats gender in literature.",
        "Learners with dyslexia get extra time, therefore tell us early.",
        "The recommendation must not depend on religion, because that would be discrimination.",
    ],
)
def test_mentions_that_are_no_reasons(text: str) -> None:
    assert not any(each.as_reason for each in mentions(text))


@given(st.text(max_size=300))
def test_mentions_stand_in_the_text(text: str) -> None:
    assert all(0 <= each.start < each.end <= len(text) for each in mentions(text))


KEY = QuizKey("q1", "Which organ pumps blood through the body?", "the heart", label="B")


@pytest.mark.parametrize(
    "text",
    [
        "The organ that pumps blood through your body is the heart.",
        "Which organ pumps blood through the body? Answer: the heart.",
        "Question 4, which organ pumps blood: the correct option is (B).",
    ],
)
def test_given_away_answers_are_noticed(text: str) -> None:
    (leak,) = leaks(text, [KEY])
    assert leak.question_id == "q1"
    assert 0 <= leak.start < leak.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "The heart lies between the lungs.",
        "Think about which organ pumps blood. Where do you feel your pulse?",
        "The correct answer to another matter is B minor.",
        "",
    ],
)
def test_hints_are_no_leaks(text: str) -> None:
    assert leaks(text, [KEY]) == ()
