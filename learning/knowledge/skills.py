"""What of a course is which skill.

An instructor may declare skills. Where none are declared each module is one: its quizzes and assignments ask for it,
and its other units teach it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSkill:
    """`units` teach it or ask for it as a whole, `questions` ask for it alone, `after` are skills it builds on."""

    id: str
    title: str
    units: frozenset[str]
    questions: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class SkillMap:
    """The skills of a course in their order. `declared`: by a person."""

    skills: tuple[CourseSkill, ...]
    declared: bool

    def asked_by(self, unit_id: str, question_id: str | None) -> tuple[str, ...]:
        """Ids of the skills that a question asks for: those that name it, or else those of its unit."""
        return self._of_questions.get(question_id or "") or self._of_units.get(unit_id, ())

    def taught_by(self, unit_id: str) -> tuple[str, ...]:
        """Ids of the skills that a unit is about."""
        return self._of_units.get(unit_id, ())

    @cached_property
    def by_id(self) -> Mapping[str, CourseSkill]:
        """The skills by their ids."""
        return {skill.id: skill for skill in self.skills}

    @cached_property
    def _of_units(self) -> Mapping[str, tuple[str, ...]]:
        return _inverted((unit, skill.id) for skill in self.skills for unit in sorted(skill.units))

    @cached_property
    def _of_questions(self) -> Mapping[str, tuple[str, ...]]:
        return _inverted((question, skill.id) for skill in self.skills for question in sorted(skill.questions))


def skill_id(course_id: UUID, key: str) -> UUID:
    """The id of a declared skill: the same for the same key, so that declaring again loses nobody's mastery."""
    return uuid5(course_id, key)


def skill_map(content: Mapping[str, Any], declared: Sequence[Mapping[str, Any]] | None) -> SkillMap:
    """Of a version's content, and of what was declared for the course, if anything was."""
    if declared is None:
        return SkillMap(
            tuple(
                CourseSkill(
                    id=module["id"], title=module["title"], units=frozenset(unit["id"] for unit in module["units"])
                )
                for module in content["modules"]
                if any(unit["kind"] in ("quiz", "assignment") for unit in module["units"])
            ),
            declared=False,
        )
    return SkillMap(
        tuple(
            CourseSkill(
                id=skill["id"], title=skill["title"], units=frozenset(skill["units"]),
                questions=frozenset(skill["questions"]), after=tuple(skill["after"]),
            )
            for skill in declared
        ),
        declared=True,
    )  # fmt: skip


def question_ids(content: Mapping[str, Any]) -> Iterator[str]:
    """Of all quizzes of a version."""
    for module in content["modules"]:
        for unit in module["units"]:
            if unit["kind"] == "quiz":
                yield from (question["id"] for question in unit["quiz"]["questions"])


def _inverted(pairs: Iterator[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        found[key] = (*found.get(key, ()), value)
    return found
