"""Tools that talk to the tutor of a course as the person who asks would."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from actors.agent.origins import From, Takes
from actors.agent.tools.base import Arguments, Result, Services, Tool
from learning.governance.vocabulary import DataClass, Effect, Origin

_IDS = Takes(Origin.ASKER, Origin.ORGANISATION)


class CourseTaught(Arguments):
    course_id: Annotated[UUID, _IDS]


class Conversation(Result):
    conversation_id: Annotated[UUID, From(Origin.ORGANISATION)]


async def _begin(services: Services, asked: CourseTaught) -> Conversation:
    begun = await services.post("/api/tutor/conversations", {"course_id": str(asked.course_id)})
    return Conversation(conversation_id=begun["id"])


BEGIN = Tool(
    name="begin_conversation",
    description="Begin a conversation with the tutor of a course",
    permission="tutor.ask",
    effect=Effect.WRITE,
    data=frozenset({DataClass.OWN}),
    arguments=CourseTaught,
    result=Conversation,
    run=_begin,
)


class TutorQuestion(Arguments):
    """What is asked was typed by the asker: nothing that was read may put questions into their conversation."""

    conversation_id: Annotated[UUID, _IDS]
    question: Annotated[str, Takes(Origin.ASKER), Field(min_length=1, max_length=2_000)]


class Place(Result):
    unit_id: UUID
    heading: str
    completed: bool


class TutorReply(Result):
    """What the tutor says is made of the course's words, by a model where one is configured."""

    kind: Literal["answer", "hint", "declined"]
    text: Annotated[str, From(Origin.COURSE_TEXT, Origin.MODEL)]
    sources: Annotated[tuple[Place, ...], From(Origin.COURSE_TEXT, Origin.TOOL)]
    model: str


async def _ask(services: Services, asked: TutorQuestion) -> TutorReply:
    path = f"/api/tutor/conversations/{asked.conversation_id}/turns"
    told = await services.post(path, {"text": asked.question})
    return TutorReply(kind=told["kind"], text=told["text"], sources=told["sources"], model=told["made_by"]["model"])


ASK = Tool(
    name="ask_tutor",
    description="Ask the tutor of a course, which answers from its material, hints, or declines",
    permission="tutor.ask",
    also_needs=frozenset({"llm.use"}),  # the tutor's own model, if it has one, is asked as the learner
    effect=Effect.WRITE,
    data=frozenset({DataClass.OWN, DataClass.COURSE}),
    arguments=TutorQuestion,
    result=TutorReply,
    run=_ask,
    timeout_seconds=90.0,
)
