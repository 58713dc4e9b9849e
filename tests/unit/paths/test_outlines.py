"""Courses as paths see them: minutes, and what comes before what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from learning.knowledge.skills import CourseSkill, SkillMap, skill_map
from learning.paths.outlines import Outline, minutes, outlines, units


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
    assert found == {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"c"}, "e": {"d"}}
    found = {unit.id: set(unit.after) for unit in units(outlines(CONTENT), skills, done=("d",), secure={"m1"})}
    assert found == {"a": set(), "b": set(), "c": set(), "d": {"c"}, "e": {"c"}}


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
    assert found == {"a": set(), "b": {"a"}, "c": set(), "d": {"c"}, "e": {"b"}}


def test_what_cannot_be_done_now_holds_up_nothing_and_is_not_planned() -> None:
    skills = skill_map(CONTENT, None)
    found = {unit.id: unit for unit in units(outlines(CONTENT), skills, done=("a",), secure=(), closed=("b", "c"))}
    assert {id for id, unit in found.items() if unit.to_do} == {"d", "e"}
    assert {id: set(unit.after) for id, unit in found.items() if unit.to_do} == {"d": set(), "e": {"d"}}


SKILLS = [f"s{number}" for number in range(4)]


@st.composite
def declarations(draw: st.DrawFn) -> SkillMap:
    return SkillMap(
        tuple(
            CourseSkill(
                id=name, title=name, units=frozenset(draw(st.sets(st.sampled_from("abcdefghi")))),
                after=tuple(draw(st.sets(st.sampled_from(SKILLS[:place])))) if place else (),
            )
            for place, name in enumerate(SKILLS)
        ),
        declared=True,
    )  # fmt: skip


LONGER = {
    "modules": [
        {"id": "m1", "title": "One", "units": [text("a"), text("b"), text("c"), quiz("d")]},
        {"id": "m2", "title": "Two", "units": [text("e"), quiz("f"), text("g"), text("h"), text("i")]},
    ]
}


def all_before(one: Outline, outlined: Sequence[Outline], skills: SkillMap) -> set[str]:
    """What comes before a unit, by the rule itself: all pairs."""

    def rank_of_skill(id: str) -> int:
        return max((rank_of_skill(before) + 1 for before in skills.by_id[id].after), default=0)

    def rank(unit: Outline) -> int:
        return max((rank_of_skill(id) for id in skills.taught_by(unit.id)), default=0)

    if not any(rank_of_skill(skill.id) for skill in skills.skills):
        return {other.id for other in outlined[: one.place]}
    needed = {id for skill in skills.taught_by(one.id) for id in skills.by_id[skill].after}
    return {
        other.id
        for other in outlined
        if (other.module_id == one.module_id and other.place < one.place and rank(other) <= rank(one))
        or (rank(other) < rank(one) and needed & set(skills.taught_by(other.id)))
    }


@given(declarations(), st.sets(st.sampled_from("abcdefghi")), st.sets(st.sampled_from(SKILLS)))
def test_who_waits_for_those_right_before_waits_for_all_before(
    skills: SkillMap, done: set[str], secure: set[str]
) -> None:
    outlined = outlines(LONGER)
    found = {unit.id: set(unit.after) for unit in units(outlined, skills, done=done, secure=secure)}
    idle = {one.id for one in outlined if (taught := skills.taught_by(one.id)) and secure.issuperset(taught)}
    for one in outlined:
        whole = all_before(one, outlined, skills) - done - idle
        reached, waiting = set[str](), [one.id]
        while waiting:
            waiting += found[waiting.pop()] - reached
            reached |= set(waiting)
        assert found[one.id] <= whole <= reached


def test_a_long_course_is_named_by_its_neighbours() -> None:
    long = {"modules": [{"id": "m", "title": "M", "units": [text(str(number), 1) for number in range(2_000)]}]}
    declared = SkillMap(
        tuple(
            CourseSkill(id=f"s{at}", title="S", units=frozenset(map(str, range(at * 500, at * 500 + 500))), after=after)
            for at, after in enumerate([(), ("s0",), ("s1",), ("s2",)])
        ),
        declared=True,
    )
    for skills in (skill_map(long, None), declared):
        found = units(outlines(long), skills, done=(), secure=())
        assert sum(len(unit.after) for unit in found) < 2 * len(found)


@given(declarations())
def test_nothing_waits_for_itself(skills: SkillMap) -> None:
    waiting = {unit.id: set(unit.after) for unit in units(outlines(LONGER), skills, done=(), secure=())}
    while waiting:
        free = [id for id, after in waiting.items() if not after & waiting.keys()]
        assert free
        for id in free:
            del waiting[id]
