"""What somebody wants in their own words, with tools that a model puts into an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    goal: Annotated[str, StringConstraints(min_length=1, max_length=1_000, strip_whitespace=True)]
    course_id: UUID | None = Field(default=None, description="The course it is about")
    people: tuple[UUID, ...] = Field(default=(), max_length=30, description="Whom it may write to, and nobody else")


class OwnWords(TaskKind[Wanted]):
    """Without a model, or where its plan breaks a rule, passages about the goal are looked up, and nothing changes."""

    name = "own_words"
    title = "In your own words"
    description = "A goal that a model plans for, with tools that read, draft, add to a course and write to people"
    tools = frozenset({"read_content", "read_own_progress", "draft_notes", "add_module", "send_message"})
    by_model = True
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(
            key="passages",
            tool="read_content",
            arguments=asked(query=wanted.goal, **({"course_id": wanted.course_id} if wanted.course_id else {})),
        )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        return {"steps": {key: dict(output) for key, output in outputs.items()}}

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if not any(outputs.values()):
            yield "no step gave anything"


KIND = OwnWords()
