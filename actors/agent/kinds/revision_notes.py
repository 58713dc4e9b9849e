"""Notes for revision out of a course's own passages, as a new unit of its draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, Taken, asked

_FOR_PEOPLE = PydanticCustomError("extra_forbidden", "Publishing is for people: the notes stay a draft")


class Wanted(Input):
    course_id: UUID
    topic: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    passages: int = Field(default=5, ge=1, le=20)

    @model_validator(mode="before")
    @classmethod
    def _unpublished(cls, found: Any) -> Any:
        """Stored inputs have `publish` where notes could once be published at once; false asks for nothing."""
        if not isinstance(found, Mapping) or "publish" not in found:
            return found
        if (publish := found["publish"]) is not False:
            problem = InitErrorDetails(type=_FOR_PEOPLE, loc=("publish",), input=publish)
            raise ValidationError.from_exception_data(cls.__name__, [problem])
        return {name: value for name, value in found.items() if name != "publish"}


class RevisionNotes(TaskKind[Wanted]):
    """What is drafted is shown to whoever approves before any of it is written. Publishing is for people."""

    name = "revision_notes"
    title = "Notes for revision"
    description = "Passages of a course about a topic, put together as a new unit"
    tools = frozenset({"read_content", "draft_notes", "add_module"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(
            key="passages",
            tool="read_content",
            arguments=asked(query=wanted.topic, course_id=wanted.course_id, limit=wanted.passages),
        )
        yield Step(
            key="draft",
            tool="draft_notes",
            arguments=asked(title=wanted.topic, passages=Taken(step="passages", path="passages")),
        )
        yield Step(
            key="module",
            tool="add_module",
            arguments=asked(
                course_id=wanted.course_id,
                module_title="Revision",
                title=wanted.topic,
                body=Taken(step="draft", path="body"),
            ),
        )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        return {
            "module_id": outputs["module"]["module_id"],
            "unit_id": outputs["module"]["unit_id"],
            "sources": outputs["draft"]["sources"],
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if not result["sources"]:
            yield "nothing in the course is about the topic"


KIND = RevisionNotes()
