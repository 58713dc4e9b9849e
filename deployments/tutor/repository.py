"""Conversations: one row each, one more for every exchange, the words sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from actors.conversation_memory.state import Turn
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One row of `tutor_conversations`."""

    id: UUID
    user_id: UUID
    course_id: UUID
    course_title: str
    version_id: UUID
    turns: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


class ConversationRepository:
    """Only ever the rows of one person."""

    def __init__(self, connection: Connection, user_id: UUID) -> None:
        self._connection = connection
        self._user_id = user_id

    async def readable_version(self, course_id: UUID, *, any_course: bool) -> UUID | None:
        """The version of a course whose content the person may read; their row is held against an erasure."""
        found: UUID | None = await _queries.readable_version(
            self._connection, user_id=self._user_id, course_id=course_id, any=any_course
        )
        return found

    async def course_is_published(self, course_id: UUID) -> bool:
        return bool(await _queries.course_is_published(self._connection, course_id=course_id))

    async def teaches(self, course_id: UUID) -> bool:
        """Whether the person is the course's instructor."""
        return bool(await _queries.instructor(self._connection, course_id=course_id) == self._user_id)

    async def insert(self, *, id: UUID, org_id: UUID, course_id: UUID, version_id: UUID) -> Conversation:
        row = await _queries.insert_conversation(
            self._connection, id=id, org_id=org_id, user_id=self._user_id, course_id=course_id, version_id=version_id
        )
        return Conversation.from_row(row)

    async def find(self, conversation_id: UUID) -> Conversation | None:
        row = await _queries.conversation(self._connection, id=conversation_id, user_id=self._user_id)
        return Conversation.from_row(row) if row else None

    async def lock(self, conversation_id: UUID) -> Conversation | None:
        """The conversation, for one more turn; None also where its learner was erased."""
        row = await _queries.lock_conversation(self._connection, id=conversation_id, user_id=self._user_id)
        return Conversation.from_row(row) if row else None

    async def move(self, conversation_id: UUID, version_id: UUID) -> None:
        """The learner was upgraded to another version."""
        await _queries.move_conversation(self._connection, id=conversation_id, version_id=version_id)

    async def page(self, course_id: UUID | None, before: UUID | None, limit: int) -> list[Conversation]:
        """The newest first, behind a position."""
        rows = _queries.conversations(
            self._connection, user_id=self._user_id, course_id=course_id, before=before, limit=limit
        )
        return [Conversation.from_row(row) async for row in rows]

    async def delete(self, conversation_id: UUID) -> bool:
        return bool(await _queries.delete_conversation(self._connection, id=conversation_id, user_id=self._user_id))

    async def turns(self, conversation_id: UUID) -> list[Turn]:
        """All of them, in order."""
        return [Turn.from_row(row) async for row in _queries.turns(self._connection, conversation_id=conversation_id)]

    async def last_turns(self, conversation_id: UUID, limit: int) -> list[Turn]:
        """The last ones, in order."""
        rows = _queries.last_turns(self._connection, conversation_id=conversation_id, limit=limit)
        return [Turn.from_row(row) async for row in rows][::-1]

    async def hints(self, conversation_id: UUID, quiz_question_id: UUID) -> int:
        """How many hints at a question were given in the conversation."""
        count: int = await _queries.hints(
            self._connection, conversation_id=conversation_id, quiz_question_id=quiz_question_id
        )
        return count

    async def add(self, conversation_id: UUID, org_id: UUID, turn: Turn) -> None:
        await _queries.insert_turn(
            self._connection, id=turn.id, org_id=org_id, conversation_id=conversation_id, number=turn.number,
            question=turn.question, reply=turn.reply, kind=turn.kind,
            quiz_question_id=turn.quiz_question_id, sources=turn.sources, made_by=turn.made_by,
            created_at=turn.created_at,
        )  # fmt: skip

    async def content(self, version_id: UUID) -> dict[str, Any]:
        """A version's modules and units, quizzes with their keys."""
        found: dict[str, Any] = await _queries.content(self._connection, version_id=version_id)
        return found

    async def completed_units(self, course_id: UUID) -> frozenset[UUID]:
        """The units of the course that the person has completed."""
        rows = _queries.completed_units(self._connection, user_id=self._user_id, course_id=course_id)
        return frozenset([row["unit_id"] async for row in rows])

    async def attempts_used(self, course_id: UUID) -> dict[UUID, int]:
        """By quiz of the course, what the person has used."""
        rows = _queries.attempts_used(self._connection, user_id=self._user_id, course_id=course_id)
        return {row["unit_id"]: row["used"] async for row in rows}

    async def mastery(self, course_id: UUID) -> dict[str, Mapping[str, Any]]:
        """Level, answers and right ones of each skill of the course that the person has answered something on."""
        rows = _queries.mastery(self._connection, user_id=self._user_id, course_id=course_id)
        return {str(row["skill_id"]): row async for row in rows}
