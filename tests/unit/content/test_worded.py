"""What a model drafts is kept where it holds, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.courses.service.proposals import unit_of
from learning.content import requests
from learning.content.checks import asked_before, texts_of
from learning.content.material import Source, statements, stems
from learning.content.outlines import outline, unheaded
from learning.content.repeats import Repeats
from learning.content.worded import (
    arranged,
    check_unit,
    check_worded,
    kept_questions,
    kept_rewordings,
    rubric_of,
)

TEXT = Source("u", "Memory", (
    "The working memory holds about four pieces at a time. The forgetting curve falls fast at first and slowly later. "
    "Notwithstanding innumerable methodological complications, experimental investigators consistently demonstrate "
    "that distributed repetition considerably outperforms concentrated repetition."
))  # fmt: skip
QUESTION: dict[str, Any] = {
    "prompt": "How much does the working memory hold?",
    "options": ["About four pieces", "Nothing at all", "A whole book", "Ten thousand words"],
    "correct": 0,
    "quote": "The working memory holds about four pieces at a time.",
}


def kept(*changes: dict[str, Any], before: tuple[str, ...] = ()) -> int:
    answer = requests.Questions.model_validate({"questions": [{**QUESTION, **change} for change in changes]})
    found, dropped = kept_questions(answer, [TEXT], asked_before(before), 5)
    assert len(found) + dropped == len(changes)
    assert all(check.passed for check in check_worded(found, [TEXT], asked_before(before)))
    return len(found)


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"quote": "The working memory holds about seven pieces."}, False),  # nobody said that
        ({"correct": 1}, False),  # the quotation does not say so
        ({"correct": 9}, False),
        ({"options": ["About four pieces", "Four pieces", "x", "y"]}, False),  # a wrong one that is right
        ({"options": ["About four pieces", "about four pieces.", "x", "y"]}, False),
        ({"options": ["About four pieces", "All of the above", "x", "y"]}, False),
        ({"prompt": "Does the working memory hold about four pieces?"}, False),  # the question gives it away
    ],
)
def test_a_question_is_kept_where_the_text_answers_it(change: dict[str, Any], holds: bool) -> None:
    assert kept(change) == holds


def test_a_question_is_not_asked_twice() -> None:
    assert kept({}, {}) == 1
    assert kept({}, before=(QUESTION["prompt"],)) == 0


def test_a_unit_states_nothing_of_its_own() -> None:
    def passes(body: str) -> bool:
        checks = check_unit(requests.Text(title="x", body=body), [TEXT], texts_of([]), "beginner", None)
        return all(check.passed for check in checks)

    assert passes("## Memory\n\nThe working memory holds four pieces at a time.")
    assert not passes("The working memory holds nine pieces at a time.")
    assert not passes("Napoleon lost the battle of Waterloo.")
    assert not passes("Nothing.")


def test_a_rubric_adds_up_and_is_about_the_task() -> None:
    task = "Describe the claim as it was published, and compare it with the data and its source."

    def made(*criteria: tuple[str, float]) -> bool:
        given = requests.Criteria.model_validate({"criteria": [{"title": t, "points": p} for t, p in criteria]})
        return rubric_of(given, task, Decimal(10)) is not None

    assert made(("The claim as published", 6), ("The data with its source", 4))
    assert not made(("The claim as published", 6), ("The data with its source", 5))
    assert not made(("The claim as published", 6), ("Politeness towards penguins", 4))


def test_a_rewording_is_easier_and_says_no_more() -> None:
    long = TEXT.markdown[TEXT.markdown.index("Notwith") :]

    def made(quote: str, proposal: str) -> int:
        one = {"quote": quote, "advice": "It is long.", "proposal": proposal}
        return len(kept_rewordings(requests.Rewordings.model_validate({"improvements": [one]}), TEXT, None))

    assert made(long, "Distributed repetition outperforms concentrated repetition.") == 1
    assert made(long, "Distributed repetition does not outperform concentrated repetition.") == 0
    assert made(long, "Sleep outperforms the coffee of Napoleon.") == 0
    assert made("The working memory holds about four pieces at a time.", long) == 0
    assert made("Sleep is good for the memory of men.", "Sleep is good.") == 0


def test_rewordings_are_held_against_a_text_that_is_embedded_once() -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Any:
        asked.extend(texts)
        return np.eye(1, 4, dtype=np.float32).repeat(len(texts), axis=0)

    quotes = [sentence.text for sentence in statements([TEXT])]
    given = [
        {"quote": quote, "advice": "It is long.", "proposal": f"{quote.split()[1]} memory holds {number} pieces."}
        for number, quote in enumerate(quotes)
    ]
    kept_rewordings(requests.Rewordings.model_validate({"improvements": given}), TEXT, embed)
    assert len(given) > 1
    assert len(asked) == len(set(asked)) >= len(quotes)


def test_an_arrangement_keeps_every_paragraph_once() -> None:
    source = Source("t", "T", "Bees make honey.\n\nBees dance.\n\nWhales sing.")
    paragraphs = unheaded(source)
    assert len(paragraphs) == 3

    def units(*spans: tuple[str, int, int]) -> Any:
        given = [{"title": title, "first": first, "last": last} for title, first, last in spans]
        answer = requests.Parts.model_validate({"modules": [{"title": "Bees and whales", "units": given}]})
        return arranged(answer, paragraphs)

    made = units(("Bees", 1, 2), ("Whales", 3, 3))
    assert [unit.body for unit in made[0][1]] == ["Bees make honey.\n\nBees dance.", "Whales sing."]
    assert [module.title for module in outline([source], None, arranged=made)] == ["Bees and whales"]
    for wrong in ([("Bees", 1, 2)], [("Bees", 1, 2), ("Whales", 2, 3)], [("Bees", 1, 2), ("Whales", 3, 4)],
                  [("Whales", 3, 3), ("Bees", 1, 2)], [("Bees", 1, 2), ("Politics", 3, 3)]):  # fmt: skip
        assert units(*wrong) is None
    assert unheaded(Source("t", "T", "# A\n\nText.")) == []


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["questions", "x"]), inner, max_size=3),
).map(json.dumps)))  # fmt: skip
def test_no_answer_breaks_reading(answer: str) -> None:
    for form in (requests.Questions, requests.Text, requests.Criteria, requests.Rewordings, requests.Parts):
        found = requests.read(answer, form)
        assert found is None or isinstance(found, form)


def test_an_answer_is_read_through_fences_and_words() -> None:
    body = json.dumps({"questions": [QUESTION]})
    for answer in (body, f"```json\n{body}\n```", f"Here you are: {body} I hope it helps."):
        found = requests.read(answer, requests.Questions)
        assert found is not None
        assert found.questions[0].correct == 0
    assert requests.read("[" * 100_000, requests.Questions) is None
    assert requests.read('{"questions": ' + "[" * 100_000, requests.Questions) is None


@pytest.mark.parametrize("wrong", ["\0", "\ud800"])
def test_what_a_draft_cannot_hold_is_not_read(wrong: str) -> None:
    def read(form: type[Any], **given: Any) -> bool:
        return requests.read(json.dumps(given), form) is not None

    text, word = "The memory holds four pieces.", f"memory{wrong} holds"
    assert read(requests.Text, title="A\tB", body=text) is False
    assert read(requests.Text, title="Line\nbreak", body=text) is False
    assert read(requests.Text, title="Memory", body=f"{text}\n\n{text}")
    assert read(requests.Text, title=word, body=text) is False
    assert read(requests.Text, title="Memory", body=word) is False
    for name in ("prompt", "quote"):
        assert read(requests.Questions, questions=[{**QUESTION, name: word}]) is False
    assert read(requests.Questions, questions=[{**QUESTION, "options": [word, "b", "c", "d"]}]) is False
    assert read(requests.Criteria, criteria=[{"title": "One\ntwo", "points": 1}]) is False
    reworded = {"quote": text, "advice": "It is long.", "proposal": text}
    for name in reworded:
        assert read(requests.Rewordings, improvements=[{**reworded, name: word}]) is False


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=8), st.text(max_size=8))
def test_what_is_read_can_be_drafted(title: str, body: str) -> None:
    found = requests.read(json.dumps({"title": title, "body": body}), requests.Text)
    if found is not None:
        assert unit_of(found.title, found.body)["title"] == found.title


WORDS = st.lists(
    st.sampled_from(["bee", "whale", "river", "stone", "cloud", "music", "paper", "light"]), max_size=6
).map(" ".join)


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS, max_size=8), WORDS, st.sampled_from([("longer", 0.8), ("shorter", 0.6), ("own", 0.95)]))
def test_repeats_finds_what_comparing_with_each_would(said: list[str], text: str, how: tuple[Any, float]) -> None:
    of, share = how
    own = stems(text)

    def alike(other: frozenset[str]) -> bool:
        size = {"longer": max, "shorter": min, "own": lambda one, _: one}[of](len(own), len(other))
        return bool(own and other) and len(own & other) >= share * size - 1e-9

    assert Repeats(said, share=share, of=of).like(text) == next((one for one in said if alike(stems(one))), None)
