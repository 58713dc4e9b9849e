"""Questions to the tutor of a course, one after the other in one conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, Taken, asked

Question = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]


class Wanted(Input):
    course_id: UUID
    questions: tuple[Question, ...] = Field(min_length=1, max_length=9)


class AskTutor(TaskKind[Wanted]):
    """The conversation stays, so a person can go on with it. Quizzes that are open get hints here too."""

    name = "ask_tutor"
    title = "Ask the tutor"
    description = "Answers to one's questions from the material of a course, with the places that they are from"
    tools = frozenset({"begin_conversation", "ask_tutor"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        yield Step(key="conversation", tool="begin_conversation", arguments=asked(course_id=wanted.course_id))
        conversation = Taken(step="conversation", path="conversation_id")
        for number, question in enumerate(wanted.questions, start=1):
            yield Step(
                key=f"question_{number}",
                tool="ask_tutor",
                arguments=asked(conversation_id=conversation, question=question),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        told = [outputs[f"question_{number}"] for number in range(1, len(wanted.questions) + 1)]
        return {
            "conversation_id": outputs["conversation"]["conversation_id"],
            "replies": [
                {"question": question, **{name: one[name] for name in ("kind", "text", "sources", "model")}}
                for question, one in zip(wanted.questions, told, strict=True)
            ],
        }

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if any(one["kind"] == "answer" and not one["sources"] for one in result["replies"]):
            yield "an answer names no place in the course"


KIND = AskTutor()
