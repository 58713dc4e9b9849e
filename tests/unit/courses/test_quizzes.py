"""Quizzes: what authors may send, what is stored, and what learners must not see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deployments.courses.quizzes import Assignment, Quiz, stored, without_key
from deployments.courses.schemas import CourseCreate

DEMO = Path(__file__).parents[3] / "configs" / "demo" / "courses"

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\x00"), min_size=1, max_size=30
).filter(lambda text: text.strip() == text)
points = st.integers(1, 1000) | st.integers(1, 100_000).map(lambda hundredths: hundredths / 100)
numbers = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15)
options = st.lists(texts, min_size=2, max_size=6, unique=True)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["single_choice", "multiple_choice", "true_false", "numeric", "short_text"]))
    question: dict[str, Any] = {
        "kind": kind,
        "prompt": draw(texts),
        "points": draw(points),
        "explanation": "SECRET " + draw(texts),
    }
    if kind == "single_choice":
        question["options"] = draw(options)
        question["correct"] = draw(st.integers(0, len(question["options"]) - 1))
    elif kind == "multiple_choice":
        question["options"] = draw(options)
        index = st.integers(0, len(question["options"]) - 1)
        question["correct"] = draw(st.lists(index, min_size=1, unique=True))
    elif kind == "true_false":
        question["correct"] = draw(st.booleans())
    elif kind == "numeric":
        question |= {"correct": draw(numbers), "tolerance": draw(st.integers(0, 5))}
    else:
        question["accepted"] = ["SECRET " + text for text in draw(st.lists(texts, min_size=1, max_size=4, unique=True))]
    return question


quizzes = st.fixed_dictionaries(
    {
        "pass_mark_percent": st.integers(0, 100),
        "attempts_allowed": st.none() | st.integers(1, 1000),
        "questions": st.lists(questions(), min_size=1, max_size=5),
    }
)


@given(quizzes)
def test_what_is_stored_means_what_was_sent_and_comes_back_unchanged(sent: dict[str, Any]) -> None:
    kept = stored(Quiz.model_validate(sent))
    assert stored(Quiz.model_validate(json.loads(json.dumps(kept)))) == kept
    for question, original in zip(kept["questions"], sent["questions"], strict=True):
        assert question["points"] == original["points"]
        if "options" in original:
            ids = [option["id"] for option in question["options"]]
            assert [option["text"] for option in question["options"]] == original["options"]
            correct = question["correct"]
            indexes = ids.index(correct) if isinstance(correct, str) else [ids.index(one) for one in correct]
            assert indexes == original["correct"]
        else:
            key = "accepted" if "accepted" in original else "correct"
            assert question[key] == original[key]


@given(quizzes)
def test_learners_see_no_key(sent: dict[str, Any]) -> None:
    kept = stored(Quiz.model_validate(sent))
    shown = without_key(kept, str, str)
    allowed = {"id", "kind", "prompt", "prompt_html", "points", "options"}
    assert shown.keys() == {"pass_mark_percent", "attempts_allowed", "questions"}
    for question, original in zip(shown["questions"], kept["questions"], strict=True):
        assert question.keys() <= allowed
        assert question["id"] == original["id"]
        assert all(option.keys() == {"id", "text", "html"} for option in question.get("options", []))
    assert "SECRET" not in json.dumps(shown)


def choice(**changes: Any) -> dict[str, Any]:
    return {"kind": "single_choice", "prompt": "?", "points": 1, "options": ["a", "b"], "correct": 0, **changes}


ID = str(uuid4())
WRONG = {
    "no questions": {"questions": []},
    "pass mark too high": {"pass_mark_percent": 101},
    "pass mark no number": {"pass_mark_percent": True},
    "pass mark not finite": {"pass_mark_percent": float("nan")},
    "no attempts": {"attempts_allowed": 0},
    "unknown field": {"shuffle": True},
    "same question twice": {"questions": [choice(id=ID), choice(id=ID)]},
    "unknown kind": {"questions": [choice(kind="essay")]},
    "one option": {"questions": [choice(options=["a"])]},
    "same option twice": {"questions": [choice(options=["a", " a "])]},
    "same option id twice": {"questions": [choice(options=[{"id": ID, "text": "a"}, {"id": ID, "text": "b"}])]},
    "blank option": {"questions": [choice(options=["a", " "])]},
    "index out of range": {"questions": [choice(correct=2)]},
    "index negative": {"questions": [choice(correct=-1)]},
    "index as text": {"questions": [choice(correct="0")]},
    "index as truth": {"questions": [choice(correct=True)]},
    "unknown id": {"questions": [choice(correct=ID)]},
    "nothing correct": {"questions": [choice(kind="multiple_choice", correct=[])]},
    "correct twice": {"questions": [choice(kind="multiple_choice", correct=[1, 1])]},
    "no points": {"questions": [choice(points=0)]},
    "too many points": {"questions": [choice(points=1001)]},
    "points too fine": {"questions": [choice(points=0.005)]},
    "null character": {"questions": [choice(prompt="a\x00b")]},
    "lone surrogate": {"questions": [choice(prompt="\ud800")]},
    "true_false as number": {"questions": [{"kind": "true_false", "prompt": "?", "points": 1, "correct": 1}]},
    "numeric without answer": {"questions": [{"kind": "numeric", "prompt": "?", "points": 1}]},
    "numeric infinite": {"questions": [{"kind": "numeric", "prompt": "?", "points": 1, "correct": float("inf")}]},
    "negative tolerance": {
        "questions": [{"kind": "numeric", "prompt": "?", "points": 1, "correct": 1, "tolerance": -1}]
    },
    "nothing accepted": {"questions": [{"kind": "short_text", "prompt": "?", "points": 1, "accepted": []}]},
    "accepted twice": {"questions": [{"kind": "short_text", "prompt": "?", "points": 1, "accepted": ["a", "a"]}]},
    "options for a number": {
        "questions": [{"kind": "numeric", "prompt": "?", "points": 1, "correct": 1, "options": ["a", "b"]}]
    },
}


@pytest.mark.parametrize("change", list(WRONG.values()), ids=list(WRONG))
def test_wrong_quizzes_are_refused(change: dict[str, Any]) -> None:
    quiz = {"pass_mark_percent": 50, "attempts_allowed": None, "questions": [choice()], **change}
    with pytest.raises(ValidationError):
        Quiz.model_validate(quiz)


def test_ids_that_the_author_sends_back_are_kept() -> None:
    kept = stored(Quiz.model_validate({"pass_mark_percent": 50, "questions": [choice(), choice(prompt="!")]}))
    kept["questions"].reverse()
    kept["questions"][0]["prompt"] = "changed"
    again = stored(Quiz.model_validate(kept))
    assert [q["id"] for q in again["questions"]] == [q["id"] for q in kept["questions"]]
    assert again["questions"][0]["options"] == kept["questions"][0]["options"]


@pytest.mark.parametrize(
    "change", [{"maximum_points": 0}, {"maximum_points": 10_001}, {"instructions": ""}, {"pass_mark_percent": -1}]
)
def test_wrong_assignments_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Assignment.model_validate({"instructions": "Write.", "maximum_points": 10, **change})


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.yaml")), ids=lambda path: path.stem)
def test_demo_courses_are_requests(path: Path) -> None:
    course = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key in ("slug", "instructor", "prerequisites"):
        del course[key]
    request = CourseCreate.model_validate(course)
    assert sum(len(module.units) for module in request.modules) > 10
