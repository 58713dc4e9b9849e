"""Content proposed for the draft of a course, and put there once somebody has approved it. Publishing is for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, Taken, asked

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
_NEEDS = {
    "quiz": ("module_id",), "unit": ("module_id", "topic"), "rubric": ("unit_id",), "improvements": ("unit_id",),
    "outline": ("title", "text"),
}  # fmt: skip
_TAKES = {
    "quiz": ("unit_ids", "questions", "title"), "unit": ("topic", "unit_ids"), "rubric": ("unit_id",),
    "improvements": ("unit_id",), "outline": ("title", "text", "questions"),
}  # fmt: skip


class Wanted(Input):
    course_id: UUID
    what: Literal["quiz", "unit", "rubric", "improvements", "outline"]
    module_id: UUID | None = Field(default=None, description="Where a quiz or a unit goes")
    unit_id: UUID | None = Field(default=None, description="What a rubric or improvements are for")
    unit_ids: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=50)
    questions: int | None = Field(default=None, ge=1, le=20)
    topic: Words | None = None
    title: Words | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in _NEEDS[self.what]:
            if getattr(self, name) is None:
                raise ValueError(f"{self.what} needs {name}")
        return self

    def proposal(self) -> dict[str, Any]:
        """What is asked of the courses service."""
        given = {name: getattr(self, name) for name in _TAKES[self.what]}
        plain = {name: value for name, value in given.items() if value is not None}
        for name, value in plain.items():
            if isinstance(value, UUID):
                plain[name] = str(value)
            elif isinstance(value, tuple):
                plain[name] = [str(one) for one in value]
        return {"kind": self.what, **plain}


class DraftContent(TaskKind[Wanted]):
    """What is proposed is shown to whoever approves before any of it is written. Rubrics and improvements write
    nothing: an author takes them up."""

    name = "draft_content"
    title = "Draft content"
    description = "A quiz, unit, rubric, outline or improvements, made of the course's words and checked"
    tools = frozenset({"propose_content", "add_proposed_unit", "add_proposed_modules"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(
            key="proposal", tool="propose_content",
            arguments=asked(course_id=wanted.course_id, wanted=wanted.proposal()),
        )  # fmt: skip
        if wanted.what in ("quiz", "unit"):
            yield Step(
                key="added",
                tool="add_proposed_unit",
                arguments=asked(
                    course_id=wanted.course_id, module_id=wanted.module_id, unit=Taken(step="proposal", path="unit")
                ),
            )
        elif wanted.what == "outline":
            yield Step(
                key="added",
                tool="add_proposed_modules",
                arguments=asked(course_id=wanted.course_id, modules=Taken(step="proposal", path="modules")),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        proposal = outputs["proposal"]
        return {
            "added": outputs["added"]["ids"] if "added" in outputs else [],
            "marking": proposal["marking"],
            "improvements": proposal["improvements"],
            "checks": proposal["checks"],
            "sources": proposal["sources"],
            "made_by": proposal["made_by"],
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if wanted.what in ("quiz", "unit", "outline") and not result["added"]:
            yield "nothing was added"


KIND = DraftContent()
