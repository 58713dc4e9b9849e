"""What a model says counts as far as it can show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.grading.concerns import Concern
from learning.grading.essays import CriterionMark
from learning.grading.examiner import Examined
from learning.grading.rubrics import Aspect, Criterion, Rubric
from learning.grading.second_opinion import read, request, together

RUBRIC = Rubric(task="Write.", criteria=(Criterion(title="Source", points=4), Criterion(title="Sample", points=6)))
ESSAY = "The source is a cohort study. The sample were nine thousand adults."
GOOD = '1 | 4 | The source is a cohort study.\n2 | 5 | "The sample were nine thousand adults"'
FIRST = Examined(
    share=0.5, confidence=0.3, feedback="", made_by={"model": "essay-rubric-1"},
    criteria=(
        CriterionMark(title="Source", points=2, maximum_points=4, quote=None, note="Note."),
        CriterionMark(title="Sample", points=3, maximum_points=6, quote=None, note="Note."),
    ),
)  # fmt: skip


def test_points_that_are_shown_are_averaged_and_agreement_is_confidence() -> None:
    said = read(GOOD, RUBRIC, ESSAY)
    assert said is not None
    found = together(FIRST, RUBRIC, ESSAY, said, "a-model")
    assert [mark.points for mark in found.criteria] == [3, 4]
    assert found.share == pytest.approx(0.7)
    assert "cohort study" in found.feedback
    assert found.made_by["second_opinion"] == "a-model"
    agreed = together(FIRST, RUBRIC, ESSAY, {0: said[0].__class__(2, None), 1: said[1].__class__(3, None)}, "a-model")
    assert agreed.confidence == pytest.approx(0.65)
    assert agreed.confidence > found.confidence


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Full marks!",
        "1 | 4 | x",
        f"{GOOD}\n1 | 0 | none",
        GOOD.replace("| 5 |", "| 7 |"),
        GOOD.replace("2 |", "3 |"),
    ],
)
def test_an_answer_that_is_not_whole_counts_for_nothing(answer: str) -> None:
    assert read(answer, RUBRIC, ESSAY) is None


def test_words_that_do_not_stand_there_count_for_nothing() -> None:
    said = read(GOOD.replace("a cohort study", "a meta-analysis"), RUBRIC, ESSAY)
    assert said is not None
    assert set(said) == {1}
    assert together(FIRST, RUBRIC, ESSAY, said, "a-model").criteria[0] == FIRST.criteria[0]


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_answer_breaks_anything_or_exceeds_the_points(answer: str, essay: str) -> None:
    assert len(request(RUBRIC, essay)) == 2
    said = read(answer, RUBRIC, essay) or read(f"1 | 4 | {answer}\n2 | 0 | none", RUBRIC, essay)
    if said:
        found = together(FIRST, RUBRIC, ESSAY, said, "a-model")
        assert 0 <= found.share <= 1
        assert all(0 <= mark.points <= mark.maximum_points for mark in found.criteria)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [(0, 2, "Some of"), (0, 4, "Some of"), (4, 0, "Some of"), (4, 1, "What is"), (4, 4, "What is"), (2, 4, "What is")],
)
def test_what_is_said_of_a_criterion_is_what_its_points_say(first: int, second: int, words: str) -> None:
    from dataclasses import replace

    note = "Little was found on: Source." if first < 4 else "What is looked for is spoken of."
    one = replace(FIRST, criteria=(replace(FIRST.criteria[0], points=first, note=note), FIRST.criteria[1]))
    said = read(GOOD.replace("1 | 4", f"1 | {second}"), RUBRIC, ESSAY)
    assert said is not None
    mark = together(one, RUBRIC, ESSAY, said, "a-model").criteria[0]
    assert mark.points == (first + second) / 2
    assert mark.note.startswith(words)


def test_doubt_about_the_work_stays() -> None:
    from dataclasses import replace

    said = read(GOOD, RUBRIC, ESSAY)
    assert said is not None
    doubted = replace(FIRST, concerns=(Concern.TOO_LONG,), confidence=0.05)
    assert together(doubted, RUBRIC, ESSAY, said, "a-model").confidence == 0.05


def test_what_the_model_shows_is_not_said_to_be_missing_and_a_short_essay_is_told_so() -> None:
    from dataclasses import replace

    asked = replace(RUBRIC, minimum_words=100)
    missed = "Little was found on: Source."
    first = replace(FIRST, criteria=(replace(FIRST.criteria[0], note=missed), FIRST.criteria[1]))
    said = read(GOOD, asked, ESSAY)
    assert said is not None
    found = together(first, asked, ESSAY, said, "a-model")
    assert missed not in found.feedback
    assert found.criteria[0].note == "What is looked for is spoken of."
    assert "It has 12 words of at least 100, and the points are lowered in proportion." in found.feedback
    little = read(GOOD.replace("1 | 4", "1 | 1"), asked, ESSAY)
    assert little is not None
    assert together(first, asked, ESSAY, little, "a-model").criteria[0].note.startswith("Some of what")
    nothing = read("1 | 0 | none\n2 | 0 | none", asked, ESSAY)
    assert nothing is not None
    assert missed in together(first, asked, ESSAY, nothing, "a-model").feedback
    built = replace(asked, criteria=(replace(asked.criteria[0], aspect=Aspect.STRUCTURE), asked.criteria[1]))
    assert together(first, built, ESSAY, said, "a-model").criteria[0].note == missed  # what was counted stays
