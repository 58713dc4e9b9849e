"""Courses and units as authors send them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from deployments.courses.outlines import MAXIMUM_MODULES, MAXIMUM_UNITS
from deployments.courses.schemas import CatalogueQuery, CourseChange, CourseCreate, Order, UnitCreate
from deployments.courses.texts import TagSet, VideoUrl, normal_language


def test_a_course_needs_no_more_than_a_title() -> None:
    course = CourseCreate.model_validate({"title": "  Logic  "})
    assert (course.title, course.price, course.language, course.capacity) == ("Logic", Decimal(0), "en", None)


WRONG: list[dict[str, Any]] = [
    {"title": ""},
    {"title": " \t "},
    {"title": "a\nb"},
    {"title": "a\x00b"},
    {"title": "\ud800"},
    {"title": "x" * 256},
    {"title": None},
    {"description": "a\x00b"},
    {"description": "x" * 20_001},
    {"difficulty": "hard"},
    {"duration_minutes": -1},
    {"duration_minutes": 2**31},
    {"duration_minutes": True},
    {"duration_minutes": "5"},
    {"price": "-1"},
    {"price": "1.001"},
    {"price": "100000000.00"},
    {"price": "NaN"},
    {"price": "Infinity"},
    {"price": True},
    {"currency": "eur"},
    {"currency": "EURO"},
    {"language": "english language"},
    {"language": ""},
    {"tags": ["x"] * 21},
    {"tags": [""]},
    {"tags": ["x" * 51]},
    {"capacity": 0},
    {"access_days": 0},
    {"instructor_id": "nobody"},
    {"surprise": 1},
    {"modules": [{"title": "m"}] * (MAXIMUM_MODULES + 1)},
    {"modules": [{"title": "m", "units": [{"kind": "text", "title": "u"}] * (MAXIMUM_UNITS // 2 + 1)}] * 2},
]


@pytest.mark.parametrize("change", WRONG, ids=lambda change: str(change)[:40])
def test_wrong_courses_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CourseCreate.model_validate({"title": "Logic", **change})


def test_a_change_holds_what_it_names_and_refuses_null_where_there_is_none() -> None:
    change = CourseChange.model_validate({"capacity": None, "tags": ["B", "b", "a"]})
    assert change.model_dump(include=change.model_fields_set) == {"capacity": None, "tags": ["b", "a"]}
    for field in ("title", "description", "price", "tags"):
        with pytest.raises(ValidationError):
            CourseChange.model_validate({field: None})
    assert "default" not in str(CourseChange.model_json_schema()["properties"])


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20), max_size=20))
def test_tags_are_lower_case_and_distinct(tags: list[str]) -> None:
    try:
        found = TypeAdapter(TagSet).validate_python(tags)
    except ValidationError:
        assert any(not tag.strip() for tag in tags)
        return
    assert len(set(found)) == len(found)
    assert set(found) == {tag.strip().lower() for tag in tags}


@pytest.mark.parametrize(
    ("given", "normal"), [("EN", "en"), ("pt-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("de-1996", "de-1996")]
)
def test_language_tags_have_one_spelling(given: str, normal: str) -> None:
    assert normal_language(given) == normal
    assert normal_language(normal) == normal


QUIZ = {"pass_mark_percent": 50, "questions": [{"kind": "true_false", "prompt": "?", "correct": True}]}
ASSIGNMENT = {"instructions": "Write.", "maximum_points": 5}
URL = "https://videos.example.org/a.mp4?t=1#x"
PARTS = {"video_url": URL, "quiz": QUIZ, "assignment": ASSIGNMENT}
OWN = {"text": None, "video": "video_url", "quiz": "quiz", "assignment": "assignment"}


@pytest.mark.parametrize("kind", OWN)
def test_a_unit_has_what_its_kind_needs_and_nothing_else(kind: str) -> None:
    own = OWN[kind]
    needed = {own: PARTS[own]} if own else {}
    UnitCreate.model_validate({"kind": kind, "title": "u", **dict.fromkeys(PARTS), **needed})
    if own:
        with pytest.raises(ValidationError, match="is needed"):
            UnitCreate.model_validate({"kind": kind, "title": "u"})
    for name, part in PARTS.items():
        if name != own:
            with pytest.raises(ValidationError, match="does not belong"):
                UnitCreate.model_validate({"kind": kind, "title": "u", **needed, name: part})


@pytest.mark.parametrize(
    "url",
    [
        "http://videos.example.org/a", "https://", "https:///a", "https://user@example.org/", "javascript:alert(1)",
        " https://example.org", "https://example.org/a b", 'https://example.org/"onload=', "https://example.org/<x>",
        "https://example.org\\@evil.example", "https://example.org/\x00", "//example.org/a",
        "https://e.org/" + "a" * 2048,
    ],
)  # fmt: skip
def test_videos_come_over_https_only(url: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(VideoUrl).validate_python(url)


def test_an_order_names_nothing_twice() -> None:
    module, unit = str(uuid4()), str(uuid4())
    Order.model_validate({"modules": [{"id": module, "units": [unit]}]})
    for modules in (
        [{"id": module, "units": [unit, unit]}],
        [{"id": module, "units": []}, {"id": module, "units": []}],
        [{"id": module, "units": [unit]}, {"id": str(uuid4()), "units": [unit]}],
    ):
        with pytest.raises(ValidationError):
            Order.model_validate({"modules": modules})


def test_relevance_needs_words() -> None:
    with pytest.raises(ValidationError, match="needs q"):
        CatalogueQuery.model_validate({"sort": "relevance"})
    assert CatalogueQuery.model_validate({"sort": "relevance", "q": "logic"}).q == "logic"
