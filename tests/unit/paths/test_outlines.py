"""Courses as paths see them: minutes, and what comes before what."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from learning.knowledge.skills import CourseSkill, SkillMap, skill_map
from learning.paths.outlines import minutes, outlines, units


def text(id: str, words: int = 360) -> dict[str, Any]:
    return {"id": id, "title": id, "kind": "text", "body": "word " * words, "quiz": None}


def quiz(id: str, questions: int = 4) -> dict[str, Any]:
    asked = [{"id": f"{id}{number}"} for number in range(questions)]
    return {"id": id, "title": id, "kind": "quiz", "body": "", "quiz": {"questions": asked, "attempts_allowed": 2}}


CONTENT = {
    "modules": [
        {"id": "m1", "title": "One", "units": [text("a"), quiz("b")]},
        {"id": "m2", "title": "Two", "units": [text("c"), quiz("d")]},
        {"id": "m3", "title": "Three", "units": [text("e")]},
    ]
}


def test_minutes_come_from_words_and_questions() -> None:
    assert [minutes(unit) for unit in (text("a"), text("b", 0), quiz("c"), text("d", 10**6))] == [2, 1, 6, 240]


def test_a_course_is_gone_through_in_order_but_for_what_is_secure() -> None:
    skills = skill_map(CONTENT, None)
    assert [skill.title for skill in skills.skills] == ["One", "Two"]  # nothing is asked in the third module
    found = {unit.id: set(unit.after) for unit in units(outlines(CONTENT), skills, done=(), secure=())}
    assert found == {"a": set(), "b": {"a"}, "c": {"a", "b"}, "d": {"a", "b", "c"}, "e": {"a", "b", "c", "d"}}
    found = {unit.id: set(unit.after) for unit in units(outlines(CONTENT), skills, done=(), secure={"m1"})}
    assert found["d"] == {"c"}


def test_declared_order_lets_modules_go_side_by_side() -> None:
    skills = SkillMap(
        (
            CourseSkill(id="s1", title="S1", units=frozenset("ab")),
            CourseSkill(id="s2", title="S2", units=frozenset("cd")),
            CourseSkill(id="s3", title="S3", units=frozenset("e"), after=("s1",)),
        ),
        declared=True,
    )
    found = {unit.id: set(unit.after) for unit in units(outlines(CONTENT), skills, done=(), secure=())}
    assert found == {"a": set(), "b": {"a"}, "c": set(), "d": {"c"}, "e": {"a", "b"}}


@given(st.data())
def test_nothing_waits_for_itself(data: st.DataObject) -> None:
    names = [f"s{number}" for number in range(4)]
    skills = SkillMap(
        tuple(
            CourseSkill(
                id=name, title=name, units=frozenset(data.draw(st.sets(st.sampled_from("abcde")))),
                after=tuple(data.draw(st.sets(st.sampled_from(names[:place])))) if place else (),
            )
            for place, name in enumerate(names)
        ),
        declared=True,
    )  # fmt: skip
    waiting = {unit.id: set(unit.after) for unit in units(outlines(CONTENT), skills, done=(), secure=())}
    while waiting:
        free = [id for id, after in waiting.items() if not after & waiting.keys()]
        assert free
        for id in free:
            del waiting[id]
