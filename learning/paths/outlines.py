"""A version of a course as paths see it: what each unit takes, and what comes before what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from learning.knowledge.skills import SkillMap
from learning.paths.units import Unit

_WORDS_A_MINUTE = 180
_MINUTES_A_QUESTION = 1.5
_VIDEO_MINUTES, _ASSIGNMENT_MINUTES = 10, 30
_LONGEST_MINUTES = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One unit, without its content. `attempts_allowed` is None for everything but quizzes that limit them."""

    id: str
    title: str
    kind: str
    module_id: str
    place: int
    minutes: int
    attempts_allowed: int | None


def outlines(content: Mapping[str, Any]) -> tuple[Outline, ...]:
    """The units of a version in their order."""
    found: list[Outline] = []
    for module in content["modules"]:
        for unit in module["units"]:
            quiz = unit["quiz"] if unit["kind"] == "quiz" else None
            found.append(
                Outline(
                    id=unit["id"], title=unit["title"], kind=unit["kind"], module_id=module["id"], place=len(found),
                    minutes=minutes(unit), attempts_allowed=quiz.get("attempts_allowed") if quiz else None,
                )
            )  # fmt: skip
    return tuple(found)


def minutes(unit: Mapping[str, Any]) -> int:
    """How long a unit takes, roughly: by its words, its questions, its kind."""
    taken = len(unit["body"].split()) / _WORDS_A_MINUTE
    if unit["kind"] == "video":
        taken += _VIDEO_MINUTES
    elif unit["kind"] == "assignment":
        taken += _ASSIGNMENT_MINUTES
    elif unit["kind"] == "quiz":
        taken += _MINUTES_A_QUESTION * len(unit["quiz"]["questions"])
    return max(1, min(_LONGEST_MINUTES, round(taken)))


def units(
    outlined: Sequence[Outline],
    skills: SkillMap,
    *,
    done: Collection[str],
    secure: Collection[str],
    closed: Collection[str] = (),
) -> list[Unit]:
    """Units for `planning.plan`. `secure` are ids of skills that need no more work, `closed` those of units in which
    nothing can be done now, whether they were done or not.

    A course is written to be read in its order, so each unit comes after all before it; where skills were declared
    with what they come after, modules wait for one another only as far as that says. What is done or closed, or teaches
    nothing but what is secure, holds up nobody. Of what is left each names those right before it: what they wait for
    comes before it too.
    """
    idle = {*done, *closed}
    waited_for = [one for one in outlined if one.id not in idle and not _skippable(one, skills, secure)]
    ranks = _ranks(skills)
    before = (
        _side_by_side(outlined, waited_for, skills, ranks) if any(ranks.values()) else _in_a_row(outlined, waited_for)
    )
    return [
        Unit(
            id=one.id, title=one.title, place=one.place, minutes=one.minutes, skills=skills.taught_by(one.id),
            after=after, done=one.id in done, open=one.id not in closed,
        )
        for one, after in zip(outlined, before, strict=True)
    ]  # fmt: skip


def _skippable(one: Outline, skills: SkillMap, secure: Collection[str]) -> bool:
    taught = skills.taught_by(one.id)
    return bool(taught) and all(id in secure for id in taught)


def _in_a_row(outlined: Sequence[Outline], waited_for: Sequence[Outline]) -> Iterator[tuple[str, ...]]:
    """The last unit before each that is waited for."""
    holding = {one.id for one in waited_for}
    last: tuple[str, ...] = ()
    for one in outlined:
        yield last
        if one.id in holding:
            last = (one.id,)


_Latest = dict[int, Outline]  # by rank, the last one in the course


def _side_by_side(
    outlined: Sequence[Outline], waited_for: Sequence[Outline], skills: SkillMap, ranks: Mapping[str, int]
) -> Iterator[tuple[str, ...]]:
    """Those right before each unit: of its module the earlier ones of no higher rank, and whatever teaches what its
    skills come after, of a lower rank.

    What comes before has a lower rank, or the same and a lower place, so nothing waits for itself.
    """
    holding = {one.id for one in waited_for}
    teaching: dict[str, dict[str, _Latest]] = {}  # by skill, then by module
    for one in waited_for:
        for id in skills.taught_by(one.id):
            teaching.setdefault(id, {}).setdefault(one.module_id, {})[_rank(one, skills, ranks)] = one
    so_far: dict[str, _Latest] = {}
    for one in outlined:
        own, module = _rank(one, skills, ranks), so_far.setdefault(one.module_id, {})
        needed = dict.fromkeys(id for skill in skills.taught_by(one.id) for id in skills.by_id[skill].after)
        right_before = dict.fromkeys(_foremost(module, own))
        for latest in (latest for id in needed for latest in teaching.get(id, {}).values()):
            right_before.update(dict.fromkeys(_foremost(latest, own - 1)))
        yield tuple(right_before)
        if one.id in holding:
            module[own] = one


def _foremost(latest: _Latest, highest: int) -> Iterator[str]:
    """Of a module's units up to a rank those that no other of them waits for."""
    place = -1
    for rank in sorted((rank for rank in latest if rank <= highest), reverse=True):
        if latest[rank].place > place:
            place = latest[rank].place
            yield latest[rank].id


def _rank(one: Outline, skills: SkillMap, ranks: Mapping[str, int]) -> int:
    return max((ranks[id] for id in skills.taught_by(one.id)), default=0)


def _ranks(skills: SkillMap) -> dict[str, int]:
    """How many skills come before each, along the longest way; a declaration has no circles."""
    ranks: dict[str, int] = {}
    for id in TopologicalSorter({skill.id: skill.after for skill in skills.skills}).static_order():
        ranks[id] = max((ranks[before] + 1 for before in skills.by_id[id].after), default=0)
    return ranks
