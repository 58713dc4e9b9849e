"""Questions, outlines, rubrics and improvements out of texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jobs.course_draft import course_draft
from learning.content.checks import asked_before, check_items, check_rubric, criteria_before, squeezed
from learning.content.documents import checked, modules_of
from learning.content.improving import improvements
from learning.content.material import Source, statements, terms
from learning.content.outlines import outline
from learning.content.questions import DISTRACTORS, Item, Pool, Vectors, items
from learning.content.rubrics import drafted
from learning.content.summaries import key_points
from learning.grading.rubrics import Criterion, Rubric

DEMO = Path(__file__).parents[3] / "configs" / "demo" / "courses" / "data-literacy.yaml"
COURSE = yaml.safe_load(DEMO.read_text())
UNITS = [unit for module in COURSE["modules"] for unit in module["units"]]
TEXTS = [Source(str(at), unit["title"], unit["body"]) for at, unit in enumerate(UNITS) if unit["kind"] == "text"][:5]
WORK = next(unit["assignment"] for unit in UNITS if unit["kind"] == "assignment")


@pytest.fixture(scope="module")
def made() -> list[Item]:
    return items(TEXTS, 6, Pool.of(TEXTS, None))


def test_questions_are_sentences_of_the_text_with_one_right_option(made: list[Item]) -> None:
    assert len(made) == 6
    said = squeezed(" ".join(text.markdown for text in TEXTS))
    for item in made:
        assert squeezed(item.statement) in said
        assert len(set(item.options)) == DISTRACTORS + 1
        right = item.options[item.correct]
        assert right in item.statement
        assert not any(other in item.statement.split() for other in item.options if other != right)
    assert len({item.statement for item in made}) == 6
    assert all(check.passed for check in check_items(made, TEXTS, asked_before([])))
    assert made == items(TEXTS, 6, Pool.of(TEXTS, None))


def test_terms_are_embedded_form_by_form_and_alike_each_time() -> None:
    """So that what is embedded can be remembered."""
    embedded: list[tuple[str, ...]] = []

    def embed(texts: Sequence[str]) -> Vectors:
        embedded.append(tuple(texts))
        vectors = np.array([[len(text), text.count("e") + 1.0, ord(text[0]) - 96] for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    made = [items(TEXTS, 6, Pool.of(TEXTS, embed)) for _ in range(2)]
    assert made[0] == made[1]
    once = embedded[: len(embedded) // 2]
    assert embedded == once * 2
    assert all(len(texts) <= 40 for texts in once)
    forms = [texts for texts in once if len(texts) > 1]
    assert len({text for texts in forms for text in texts}) == sum(map(len, forms))


@pytest.mark.parametrize(
    ("text", "before", "after", "says"),
    [
        ("Mercury is a liquid.", [], ["is", "a"], True),
        ("There is *mercury*, a metal.", ["there", "is"], ["a", "metal"], True),
        ("What flows is (mercury).", ["flows", "is"], [], True),
        ("What is mercury-free?", ["what", "is"], ["free"], True),
        ("Mercury was a liquid.", [], ["is", "a"], False),
        ("The mercurys is a name.", ["the"], ["is"], False),
    ],
)
def test_what_is_said_of_a_term_is_found_whatever_stands_around(
    text: str, before: list[str], after: list[str], says: bool
) -> None:
    assert Pool.of([Source("u", "Metals", text)], None).says("mercury", before, after) is says


def test_a_term_that_ends_a_sentence_is_no_wrong_answer_where_it_is_right() -> None:
    told = Pool.of(
        [Source("u", "Metals", "At room temperature mercury is a liquid. So **bromine** is a liquid!")], None
    )
    assert told.says("bromine", [], ["is", "a"])
    assert told.says("bromine", ["so"], ["is", "a", "liquid"])


def test_what_is_made_up_repeated_or_open_is_found(made: list[Item]) -> None:
    from dataclasses import replace

    invented = replace(made[0], statement="Whales are mammals that live in the sea all year.")
    other = next(option for at, option in enumerate(made[0].options) if at != made[0].correct)
    ambiguous = replace(made[0], statement=f"{made[0].statement} Or {other}.")
    found = check_items([invented, ambiguous, made[1]], TEXTS, asked_before([made[1].prompt]))
    assert {(check.check, check.where) for check in found if not check.passed} >= {
        ("grounding", "question 1"), ("answerability", "question 2"), ("duplication", "question 3"),
    }  # fmt: skip
    assert made[1].statement not in {
        item.statement for item in items(TEXTS, 6, Pool.of(TEXTS, None), asked=[made[1].prompt])
    }


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=500))
def test_no_text_breaks_drafting(text: str) -> None:
    source = Source("x", "x", text)
    made = outline([source], None)
    for module in modules_of(made):
        assert module["title"] is not None
    said = squeezed(text)
    assert all(squeezed(one.text) in said for one in statements([source]))
    assert all(weight > 0 for weight in terms([source]).values())
    improvements(source, [source], "beginner", has_quiz=False)
    key_points([source], "x")


@given(st.text(max_size=300), st.integers(1, 10_000))
def test_rubrics_add_up(text: str, hundredths: int) -> None:
    maximum = Decimal(hundredths) / 100
    for instructions in (text, f"1. Describe {text}\n2. Compare the two.\n"):
        rubric = drafted(instructions, maximum)
        assert rubric is None or sum(Decimal(str(one.points)) for one in rubric.criteria) == maximum


def test_a_rubric_in_the_words_of_the_instructions() -> None:
    without_table = WORK["instructions"].split("| Criterion")[0]
    rubric = drafted(without_table, Decimal(25))
    assert rubric is not None
    assert [one.title for one in rubric.criteria][:3] == ["The claim", "The data", "The numbers"]
    own = drafted(WORK["instructions"], Decimal(WORK["maximum_points"]))
    assert own is not None
    assert own.criteria[0].title == "The claim is traced to its original source"


def test_a_rubric_is_as_easy_as_its_course_and_looks_for_nothing_twice() -> None:
    plain = [Criterion(title="The claim as published", points=5), Criterion(title="The data", points=5)]
    twice = [*plain, Criterion(title="The claims as published", points=1)]
    hard = [Criterion(title="Epistemological considerations notwithstanding, interdisciplinarity", points=1)]

    def failing(criteria: list[Criterion], *before: str) -> list[str]:
        found = check_rubric(Rubric(task="", criteria=tuple(criteria)), "beginner", criteria_before(before))
        return [one.check for one in found if not one.passed]

    assert failing(plain) == []
    assert failing(twice) == ["duplication"]
    assert failing(plain, "Its claim beside the data, in a table") == []
    assert failing(plain, "the claim as it was published") == ["duplication"]
    assert failing(hard) == ["level"]


def test_the_questions_of_an_outline_are_checked_for_their_level() -> None:
    made = outline(TEXTS[:2], None, questions=2)
    levels = [
        one for one in checked(made, "beginner", [], []) if one.check == "level" and one.where.endswith(": questions")
    ]
    assert len(levels) == len([module for module in made if module.quiz]) > 0


def test_an_outline_follows_the_headings_and_loses_no_word(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("\n\n".join(f"# {text.title}\n\n{text.markdown}" for text in TEXTS[:2]))
    (tmp_path / "two.txt").write_text("Plain words without any heading, which become a module of their own.")
    out = tmp_path / "out" / "course.json"
    command = ["--data", str(tmp_path), "--out", str(out), "--workers", "1", "--title", "Drafted", "--json"]
    answer = CliRunner().invoke(course_draft.app, command)
    assert answer.exit_code == 0, answer.output
    course = json.loads(out.read_text())
    assert [module["title"] for module in course["modules"]] == [TEXTS[0].title, TEXTS[1].title, "Two"]
    bodies = squeezed(" ".join(unit.get("body", "") for module in course["modules"] for unit in module["units"]))
    for statement in statements(TEXTS[:2]):
        assert squeezed(statement.text) in bodies
    summary = json.loads((out.parent / "course.json.summary.json").read_text())
    assert summary["modules"] == 3
    assert summary["checks"] > 0


def drafted_course(folder: Path, texts: dict[str, str], *options: str) -> tuple[Result, Path]:
    for name, text in texts.items():
        (folder / "texts" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "texts" / name).write_text(text)
    out = folder / "course.json"
    command = ["--data", str(folder / "texts"), "--out", str(out), "--workers", "1", "--json", *options]
    return CliRunner().invoke(course_draft.app, command), out


def test_what_is_said_twice_in_a_draft_is_found_across_its_texts(tmp_path: Path) -> None:
    long = f"# One\n\n{TEXTS[0].markdown}\n\n# Two\n\n{TEXTS[1].markdown}"
    first = TEXTS[0].markdown.partition("\n## ")[0]
    answer, out = drafted_course(tmp_path, {"a/first.md": first, "b.md": long, "c.md": long})
    assert answer.exit_code == 0, answer.output
    summary = json.loads(answer.stdout)
    assert summary["texts"] == 3
    repeated = [one for one in summary["failed"] if one["check"] == "duplication"]
    assert any(one["where"].startswith("First") for one in repeated)  # part of what comes later
    assert any("question" in one["where"] for one in repeated)
    assert "extractive" in json.loads(out.read_text())["description"]


def test_texts_that_say_different_things_do_not_repeat_one_another(tmp_path: Path) -> None:
    texts = {f"{at}.md": f"# T{at}\n\n{text.markdown}" for at, text in enumerate(TEXTS)}
    answer, _ = drafted_course(tmp_path, texts)
    assert [one for one in json.loads(answer.stdout)["failed"] if one["check"] == "duplication"] == []


def test_more_than_a_course_may_have_is_refused(tmp_path: Path) -> None:
    many = "\n\n".join(f"# Chapter {number}\n\nWords about {number}." for number in range(201))
    answer, out = drafted_course(tmp_path, {"book.md": many}, "--questions", "0")
    assert answer.exit_code == 1
    assert "201 modules" in answer.output
    assert not out.exists()
