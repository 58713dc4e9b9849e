"""A published version of a course, as far as enrolments need it: units in order, keys of quizzes, marks.

Texts and videos stay in the database: what is kept in memory is small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from deployments.enrollments.progress import HUNDRED
from deployments.enrollments.scoring import (
    MultipleChoice,
    Numeric,
    Question,
    Quiz,
    ShortText,
    SingleChoice,
    TrueFalse,
    fold,
)
from learning.grading.answers import Question as AskedQuestion
from learning.grading.rubrics import Aspect, Basis, Criterion, Rubric, rubric_in


class UnitKind(StrEnum):
    TEXT = "text"
    VIDEO = "video"
    QUIZ = "quiz"
    ASSIGNMENT = "assignment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Work that is handed in. Without a pass mark, handing in completes the unit."""

    maximum_points: Decimal
    pass_mark_percent: Decimal | None
    basis: Basis | None = None  # what grades are suggested by

    def passed(self, points: Decimal, maximum: Decimal) -> bool:
        """Whether `points` of `maximum` complete the unit; decided on the exact share."""
        return self.pass_mark_percent is None or points * HUNDRED >= self.pass_mark_percent * maximum


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit; `quiz` and `assignment` are there for those kinds and for no other."""

    id: UUID
    module_id: UUID
    kind: UnitKind
    title: str
    quiz: Quiz | None = None
    assignment: Assignment | None = None

    @property
    def assessed(self) -> bool:
        """Whether the unit gives a score."""
        return self.kind in (UnitKind.QUIZ, UnitKind.ASSIGNMENT)


@dataclass(frozen=True)
class CourseVersion:
    """An immutable version."""

    id: UUID
    title: str
    units: tuple[Unit, ...]

    @cached_property
    def by_id(self) -> Mapping[UUID, Unit]:
        """The units by their ids, in order."""
        return {unit.id: unit for unit in self.units}


def parse_version(version_id: UUID, title: str, content: Mapping[str, Any]) -> CourseVersion:
    """Read the snapshot that publishing wrote."""
    units = tuple(_unit(UUID(str(module["id"])), unit) for module in content["modules"] for unit in module["units"])
    return CourseVersion(version_id, title, units)


def _unit(module_id: UUID, data: Mapping[str, Any]) -> Unit:
    kind = UnitKind(data["kind"])
    return Unit(
        id=UUID(str(data["id"])),
        module_id=module_id,
        kind=kind,
        title=data["title"],
        quiz=_quiz(data["quiz"]) if kind is UnitKind.QUIZ else None,
        assignment=_assignment(data["assignment"]) if kind is UnitKind.ASSIGNMENT else None,
    )


def _assignment(data: Mapping[str, Any]) -> Assignment:
    mark = data.get("pass_mark_percent")
    return Assignment(
        maximum_points=_decimal(data["maximum_points"]),
        pass_mark_percent=None if mark is None else _decimal(mark),
        basis=_basis(data),
    )


def _basis(data: Mapping[str, Any]) -> Basis | None:
    instructions, marking = data["instructions"], data.get("marking")
    if marking is None:
        return rubric_in(instructions)
    if marking["kind"] == "short_answer":
        asked = marking.get("question") or instructions
        return AskedQuestion(id="", text=asked, references=tuple(marking["references"]))
    criteria = tuple(
        Criterion(
            title=one["title"], points=float(one["points"]), aspect=Aspect(one["aspect"]),
            looks_for=tuple(one["looks_for"]),
        )
        for one in marking["criteria"]
    )  # fmt: skip
    return Rubric(task=instructions, criteria=criteria, minimum_words=marking.get("minimum_words"))


def _quiz(data: Mapping[str, Any]) -> Quiz:
    return Quiz(
        questions=tuple(_QUESTIONS[question["kind"]](question) for question in data["questions"]),
        pass_mark_percent=_decimal(data.get("pass_mark_percent") or 0),
        attempts_allowed=data.get("attempts_allowed"),
    )


def _common(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(data["id"]),
        "points": _decimal(data["points"]),
        "explanation": data.get("explanation") or "",
    }


def _options(data: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(option["id"]) for option in data["options"])


def _single_choice(data: Mapping[str, Any]) -> Question:
    return SingleChoice(**_common(data), options=_options(data), correct=str(data["correct"]))


def _multiple_choice(data: Mapping[str, Any]) -> Question:
    return MultipleChoice(
        **_common(data), options=_options(data), correct=frozenset(str(option) for option in data["correct"])
    )


def _true_false(data: Mapping[str, Any]) -> Question:
    return TrueFalse(**_common(data), correct=data["correct"])


def _numeric(data: Mapping[str, Any]) -> Question:
    return Numeric(**_common(data), correct=_decimal(data["correct"]), tolerance=_decimal(data.get("tolerance") or 0))


def _short_text(data: Mapping[str, Any]) -> Question:
    return ShortText(**_common(data), accepted=frozenset(fold(text) for text in data["accepted"]))


def _decimal(number: float | str) -> Decimal:
    return Decimal(str(number))


_QUESTIONS: Mapping[str, Callable[[Mapping[str, Any]], Question]] = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
    "true_false": _true_false,
    "numeric": _numeric,
    "short_text": _short_text,
}
