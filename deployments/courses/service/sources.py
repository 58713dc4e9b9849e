"""What a draft says already: the texts that proposals are made of, and what they should not repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from deployments.courses.outlines import Draft, Unit
from deployments.kit.errors import UnitNotFound

if TYPE_CHECKING:
    from learning.content.material import Source

_BYTES_OF_A_TEXT, _BYTES_OF_A_CHARACTER = 2_000, 16  # once it is taken apart


def source_of(key: str, title: str, markdown: str) -> Source:
    """A text under the key that statements taken from it have."""
    from learning.content.material import Source

    return Source(key, title, markdown)


def weight_of(source: Source) -> int:
    """Bytes that it takes to remember, roughly."""
    return _BYTES_OF_A_TEXT + _BYTES_OF_A_CHARACTER * len(source.markdown)


def among(texts: Sequence[Source], draft: Draft, wanted: Sequence[UUID] | None) -> list[Source]:
    """Those of the units that are wanted, in that order; all where none are named. Raises `UnitNotFound`."""
    if wanted is None:
        return list(texts)
    if set(wanted) - {unit.id for unit in draft.units}:
        raise UnitNotFound()
    by_key = {source.key: source for source in texts}
    return [by_key[key] for key in dict.fromkeys(map(str, wanted)) if key in by_key]


def unit_in(draft: Draft, unit_id: UUID) -> Unit:
    """Raises `UnitNotFound`."""
    found = next((unit for unit in draft.units if unit.id == unit_id), None)
    if found is None:
        raise UnitNotFound()
    return found


def not_to_repeat(texts: Sequence[Source], points: Mapping[str, object], topic: str) -> list[Source]:
    """Texts that a unit on a topic should not say again: those it is not made of, and those that have its title, as a
    unit that was proposed before. One that has the title and is the only source is what there is to say."""
    from learning.content.documents import title_of

    title = title_of(topic).casefold()
    named = {source.key for source in texts if source.title.casefold() == title}
    repeated = named if points.keys() - named else set()
    return [source for source in texts if source.key not in points or source.key in repeated]


def criteria_besides(draft: Draft, unit: Unit) -> list[str]:
    """What the rubrics of other assignments look for. How a work is built and written counts in many."""
    from learning.content.checks import wording_of
    from learning.grading.rubrics import Aspect

    others = [one.assignment for one in draft.units if one.assignment is not None and one.id != unit.id]
    return [
        wording_of(title, looks_for)
        for assignment in others
        for title, looks_for, aspect in _criteria(assignment)
        if aspect == Aspect.CONTENT
    ]


def _criteria(assignment: Mapping[str, Any]) -> list[tuple[str, Sequence[str], str]]:
    """Title, what it looks for and aspect of each line of an essay's rubric, in its marking or in its instructions."""
    from learning.grading.rubrics import Aspect, rubric_in

    marking = assignment.get("marking")
    if marking is None:
        rubric = rubric_in(assignment.get("instructions") or "")
        return [(one.title, one.looks_for, one.aspect) for one in rubric.criteria] if rubric else []
    if marking.get("kind") != "essay":
        return []
    return [
        (one["title"], one.get("looks_for") or (), one.get("aspect", Aspect.CONTENT)) for one in marking["criteria"]
    ]


def prompts(draft: Draft) -> list[str]:
    """The questions of its quizzes."""
    return [question["prompt"] for unit in draft.units if unit.quiz for question in unit.quiz["questions"]]
