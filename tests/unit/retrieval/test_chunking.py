"""Cutting: nothing is lost, nothing is too long, nothing tells an answer."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from learning.retrieval.blocks import CODE, sections
from learning.retrieval.chunking import MAXIMUM_CHARACTERS, PATH, Passage, passages

WORD = re.compile(r"\w+")
KEY = "topsecretkey"

words = st.text(alphabet="abcdefgh", min_size=1, max_size=12)
lines = st.lists(words, min_size=1, max_size=30).map(" ".join)
sentence = lines.map(lambda line: f"{line.capitalize()}.")
paragraph = st.lists(sentence, min_size=1, max_size=12).map(" ".join)
heading = st.tuples(st.integers(1, 6), lines).map(lambda made: f"{'#' * made[0]} {made[1]}")
items = st.lists(sentence, min_size=1, max_size=8).map(lambda made: "\n".join(f"- {item}" for item in made))
code = st.lists(lines, min_size=1, max_size=40).map(lambda made: "```python\n" + "\n".join(made) + "\n```")
table = st.lists(st.tuples(words, words), min_size=1, max_size=20).map(
    lambda rows: "| left | right |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in rows)
)
markdown = st.lists(st.one_of(paragraph, heading, items, code, table), max_size=15).map("\n\n".join)


def unit(body: str = "", **more: Any) -> dict[str, Any]:
    return {"title": "A unit", "body": body, "quiz": None, "assignment": None, **more}


def visible(source: str) -> list[str]:
    """The words a reader sees of what the strategies above make."""
    return WORD.findall(source.replace("```python", ""))


@given(markdown)
def test_no_word_is_lost(source: str) -> None:
    cut = passages(unit(source), "A module")
    kept = {word for passage in cut for word in WORD.findall(passage.heading + " " + passage.text)}
    assert set(visible(source)) <= kept


@given(markdown)
def test_words_keep_their_order_and_only_the_overlap_comes_twice(source: str) -> None:
    for section in sections(source):
        whole = [word for piece in section.pieces for word in WORD.findall(piece.text)]
        texts = [
            passage.text
            for passage in passages(unit(source), "")
            if passage.heading == PATH.join(("A unit", *section.headings))
        ]
        joined = [word for text in texts for word in WORD.findall(text)]
        assert _is_subsequence(whole, joined)


def _is_subsequence(part: list[str], whole: list[str]) -> bool:
    remaining = iter(whole)
    return all(word in remaining for word in part)


@given(st.one_of(markdown, st.text(max_size=3_000), st.integers(1_000, 9_000).map("x".__mul__)))
def test_bounds(source: str) -> None:
    for passage in passages(unit(source), "A module"):
        assert 0 < len(passage.text) <= MAXIMUM_CHARACTERS
        assert passage.heading.startswith(f"A module{PATH}A unit")


def test_a_long_section_overlaps_where_it_is_cut() -> None:
    source = " ".join(f"Sentence number {n} says something of its own." for n in range(60))
    cut = passages(unit(source), "A module")
    assert len(cut) > 2
    for before, after in pairwise(cut):
        shared = after.text.split(". ")[0]
        assert shared in before.text
        assert before.text.endswith(".")
        assert before.text not in after.text


def test_what_lines_become() -> None:
    source = (
        "Intro with *emphasis*, `code` and a [link](https://example.org/x).\n\n## Part one\n\n"
        "| Kind | Use |\n|---|---|\n| list | in order |\n| | alone |\n\n"
        "```python\nfor x in y:\n    print(x)\n```\n\n### Empty\n\n## Part two\n\n1. First. Second?\n2. Third\n"
    )
    cut = passages(unit(source), "A module")
    unit_path = f"A module{PATH}A unit"
    assert [(passage.heading, passage.text) for passage in cut] == [
        (unit_path, "Intro with emphasis, code and a link."),
        (
            f"{unit_path}{PATH}Part one",
            f"Kind: list; Use: in order\nUse: alone\n{CODE}for x in y:\n{CODE}    print(x)",
        ),
        (f"{unit_path}{PATH}Part one{PATH}Empty", "Empty"),
        (f"{unit_path}{PATH}Part two", "First. Second?\nThird"),
    ]


def test_a_heading_that_is_no_heading_is_text() -> None:
    (passage,) = passages(unit("# " + "word " * 100), "A module")
    assert passage.heading == f"A module{PATH}A unit"
    assert passage.text.startswith("word word")


answers = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["single_choice", "multiple_choice", "true_false", "numeric", "short_text"]),
        "prompt": sentence,
        "points": st.integers(1, 3),
        "explanation": st.just(f"Because {KEY}."),
        "options": st.lists(st.just({"id": KEY, "text": f"Option {KEY}"}), max_size=3),
        "correct": st.sampled_from([KEY, [KEY], True, 42]),
        "accepted": st.just([KEY]),
        "tolerance": st.just(1),
        "hint": st.just(KEY),  # what a later version may add
    }
)


@given(st.lists(answers, min_size=1, max_size=5), paragraph, paragraph)
def test_of_a_quiz_only_the_questions_are_taken(questions: list[dict[str, Any]], body: str, task: str) -> None:
    quiz = {"pass_mark_percent": 50, "attempts_allowed": 1, "questions": questions, "solution": KEY}
    assignment = {"instructions": task, "maximum_points": 10, "model_answer": KEY}
    cut = passages(unit(body, quiz=quiz, assignment=assignment, video_url=KEY), "A module")
    assert not any(KEY in f"{passage.heading} {passage.text}" for passage in cut)
    asked = [passage for passage in cut if passage.kind == "question"]
    assert [passage.text for passage in asked] == [question["prompt"] for question in questions]
    assert {passage.kind for passage in cut} == {"text", "assignment", "question"}


def test_equal_passages_have_equal_digests() -> None:
    one = Passage("text", "a", "b")
    assert one.digest == Passage("assignment", "a", "b").digest
    assert one.digest != Passage("text", "a", "c").digest != Passage("text", "a c", "").digest
