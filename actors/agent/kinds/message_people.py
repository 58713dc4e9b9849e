"""One message to several people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from actors.agent.kinds.base import Asker, Input, Outputs, TaskKind
from actors.agent.plan import Step, asked


class Wanted(Input):
    course_id: UUID | None = Field(default=None, description="The course it is about; its instructor is asked too")
    recipients: tuple[UUID, ...] = Field(min_length=1, max_length=30)
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=5_000)]


class MessagePeople(TaskKind[Wanted]):
    """Each recipient is a step: whoever has got it does not get it twice."""

    name = "message_people"
    title = "Write to several people"
    description = "The same message to each of some people, by mail"
    tools = frozenset({"send_message"})
    input = Wanted

    def plan(self, asker: Asker, wanted: Wanted) -> Iterator[Step]:
        for number, recipient in enumerate(dict.fromkeys(wanted.recipients), start=1):
            yield Step(
                key=f"message_{number}",
                tool="send_message",
                arguments=asked(recipient_id=recipient, subject=wanted.subject, body=wanted.body),
            )

    def result(self, wanted: Wanted, outputs: Outputs) -> dict[str, Any]:
        return {"messages": [step["message_id"] for step in outputs.values()]}

    def criteria(self, wanted: Wanted, result: Mapping[str, Any], outputs: Outputs) -> Iterator[str]:
        if len(result["messages"]) != len(set(wanted.recipients)):
            yield "not everybody was written to"


KIND = MessagePeople()
