"""A version of a course as paths see it: what each unit takes, and what comes before what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
    """Units for `planning.plan`. `secure` are ids of skills that need no more work, `closed` those of units that are
    not gone through again.

    A course is written to be read in its order, so each unit comes after the one before it; where skills were declared
    with what they come after, modules wait for one another only as far as that says. What teaches nothing but what is
    secure holds up nobody.
    """
    held_up = {one.id: _skippable(one, skills, secure) for one in outlined}
    of_skills = _ranks(skills)
    ranks = {one.id: _rank(one, skills, of_skills) for one in outlined} if any(of_skills.values()) else None
    return [
        Unit(
            id=one.id, title=one.title, place=one.place, minutes=one.minutes, skills=skills.taught_by(one.id),
            after=tuple(id for id in _before(one, outlined, skills, ranks) if not held_up[id]), done=one.id in done,
            repeatable=one.id not in closed,
        )
        for one in outlined
    ]  # fmt: skip


def _skippable(one: Outline, skills: SkillMap, secure: Collection[str]) -> bool:
    taught = skills.taught_by(one.id)
    return bool(taught) and all(id in secure for id in taught)


def _before(one: Outline, outlined: Sequence[Outline], skills: SkillMap, ranks: Mapping[str, int] | None) -> list[str]:
    """All that comes before: named whole, so that what may be left out of it hides nothing behind it. `ranks` are those
    of units; None where no skill comes after another.

    A unit that comes before has a lower rank, or the same and a lower place, so nothing waits for itself.
    """
    if ranks is None:
        return [other.id for other in outlined[: one.place]]
    needed = {id for skill in skills.taught_by(one.id) for id in skills.by_id[skill].after}
    own = ranks[one.id]
    return [
        other.id
        for other in outlined
        if (other.module_id == one.module_id and other.place < one.place and ranks[other.id] <= own)
        or (needed and ranks[other.id] < own and not needed.isdisjoint(skills.taught_by(other.id)))
    ]


def _rank(one: Outline, skills: SkillMap, ranks: Mapping[str, int]) -> int:
    return max((ranks[id] for id in skills.taught_by(one.id)), default=0)


def _ranks(skills: SkillMap) -> dict[str, int]:
    """How many skills come before each, along the longest way; a declaration has no circles."""
    ranks = dict.fromkeys(skills.by_id, 0)
    for _ in skills.skills:
        for skill in skills.skills:
            deeper = [ranks[id] + 1 for id in skill.after]
            ranks[skill.id] = max([ranks[skill.id], *deeper])
    return ranks
