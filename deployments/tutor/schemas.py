"""What comes in and goes out of the tutor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from deployments.tutor.exchanges import Exchange
from deployments.tutor.repository import Conversation

MAXIMUM_QUESTION_CHARACTERS = 2_000
QuestionText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MAXIMUM_QUESTION_CHARACTERS, pattern=r"^[^\x00]*$"
    ),
]


class ConversationOpen(BaseModel):
    model_config = ConfigDict(extra="forbid")

    course_id: UUID


class TurnAsk(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: QuestionText


class ConversationView(BaseModel):
    id: UUID
    course_id: UUID
    course_title: str
    version_id: UUID = Field(description="What is taught: the version of the course that the learner reads")
    turns: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        return cls(**{name: getattr(conversation, name) for name in cls.model_fields})


class SourceView(BaseModel):
    number: int = Field(description="As the reply has it in brackets")
    unit_id: UUID
    heading: str = Field(
        description="Module, unit, sections; as far as they do not answer an open quiz, else the place of the unit"
    )
    completed: bool = Field(description="Whether the learner has completed the unit")


class Considered(BaseModel):
    skill_id: UUID
    level: Literal["beginning", "growing", "secure"]


class MadeBy(BaseModel):
    """How the reply came about."""

    model: str = Field(description="A language model; or `extractive`: sentences of the material, chosen without one")
    asked_in_vain: str | None = Field(
        default=None, description="A language model that did not answer, or of whose answer nothing was borne out"
    )
    version: str = Field(description="Of how sentences of the material are found")
    version_id: UUID | None = Field(default=None, description="The version of the course that it was made from")
    searched: Literal["words and meaning", "words"]
    considered: list[Considered] = Field(default=[], description="What the learner has shown of the skills it is about")


class TurnView(BaseModel):
    number: int
    question: str
    kind: Literal["answer", "hint", "declined"]
    text: str
    sources: list[SourceView]
    made_by: MadeBy
    created_at: datetime

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        return cls(
            number=exchange.number,
            question=exchange.question,
            kind=exchange.reply.kind,
            text=exchange.reply.text,
            sources=[
                SourceView(
                    number=number, unit_id=source.unit_id, heading=source.heading,
                    completed=source.unit_id in exchange.completed,
                )
                for number, source in enumerate(exchange.reply.sources, start=1)
            ],
            made_by=MadeBy.model_validate(exchange.made_by),
            created_at=exchange.created_at,
        )  # fmt: skip


class ConversationDetail(ConversationView):
    items: list[TurnView]
