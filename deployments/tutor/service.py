"""The rules of tutoring: who may ask about what, what is a hint and what an answer, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from deployments.kit.errors import CourseNotFound
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.tutor.errors import ConversationFull, ConversationNotFound, NothingToTeach
from deployments.tutor.material import Material, Quizzes
from deployments.tutor.repository import Conversation, ConversationRepository, Turn
from learning.embedding.minilm import Vectors
from learning.tutoring import quizzes, replies
from learning.tutoring.replies import Reply, Source
from stores.ids import new_id
from stores.postgres import Database
from stores.sealing import Keyring
from stores.tutoring import turn_context

MAXIMUM_TURNS = 500
MODEL = "extractive"
VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One question and its reply, opened. `completed`: units of the course that the learner has completed."""

    number: int
    question: str
    reply: Reply
    made_by: dict[str, Any]
    completed: frozenset[UUID]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readings:
    """All that a reply depends on, read in one transaction before anything is worked out."""

    version_id: UUID
    before: str | None
    completed: frozenset[UUID]
    quizzes: Quizzes


class TutorService:
    def __init__(self, database: Database, material: Material, keyring: Keyring) -> None:
        self._database = database
        self._material = material
        self._keyring = keyring

    async def open(self, work: Work, principal: Principal, course_id: UUID) -> Conversation:
        """Begin a conversation about a course. Raises `CourseNotFound`, `NothingToTeach`."""
        repository = ConversationRepository(await work.connection(), principal.user_id)
        version_id = await _version(repository, principal, course_id)
        return await repository.insert(id=new_id(), org_id=work.org_id, course_id=course_id, version_id=version_id)

    async def page(
        self, work: Work, principal: Principal, course_id: UUID | None, before: UUID | None, limit: int
    ) -> list[Conversation]:
        """One's own conversations, the newest first."""
        return await ConversationRepository(await work.connection(), principal.user_id).page(course_id, before, limit)

    async def read(
        self, work: Work, principal: Principal, conversation_id: UUID
    ) -> tuple[Conversation, list[Exchange]]:
        """A conversation with all that was said. Raises `ConversationNotFound`."""
        repository = ConversationRepository(await work.connection(), principal.user_id)
        conversation = await repository.find(conversation_id)
        if conversation is None:
            raise ConversationNotFound()
        completed = await repository.completed_units(conversation.course_id)
        return conversation, [self._opened(turn, completed) for turn in await repository.turns(conversation_id)]

    async def forget(self, work: Work, principal: Principal, conversation_id: UUID) -> None:
        """Delete a conversation for good. Raises `ConversationNotFound`."""
        if not await ConversationRepository(await work.connection(), principal.user_id).delete(conversation_id):
            raise ConversationNotFound()

    async def ask(self, work: Work, principal: Principal, conversation_id: UUID, text: str) -> Exchange:
        """Reply to a question, and remember both.

        Raises `ConversationNotFound`, `ConversationFull`, `NothingToTeach` where the learner has left the course.
        """
        readings = await self._readings(principal, conversation_id)
        wanted = replies.standalone(text, readings.before)
        vector = await self._material.vector(wanted)
        open_ones = _open(readings)
        sought = quizzes.asked_for(text, vector, open_ones.questions, open_ones.vectors)
        async with self._database.transaction(principal.org_id, readonly=True) as connection:
            found = await self._material.passages(connection, readings.version_id, wanted, vector)
        quotations = await self._material.quotations(wanted, vector, found)
        # From here on in the request's own transaction, in which the conversation is locked: hints are counted there.
        repository = ConversationRepository(await work.connection(), principal.user_id)
        conversation = await repository.lock(conversation_id)
        if conversation is None:
            raise ConversationNotFound()
        if conversation.turns >= MAXIMUM_TURNS:
            raise ConversationFull()
        if sought is not None:
            reply = replies.hint(sought, await repository.hints(conversation_id, sought.id), quotations)
        else:
            reply = replies.answer(quotations) if quotations else replies.declined()
        if conversation.version_id != readings.version_id:
            await repository.move(conversation_id, readings.version_id)
        exchange = Exchange(
            number=conversation.turns + 1, question=text, reply=reply, made_by=_made_by(vector),
            completed=readings.completed, created_at=datetime.now(UTC),
        )  # fmt: skip
        await repository.add(
            conversation_id, work.org_id, self._sealed(exchange, sought.id if sought else None), self._keyring.active
        )
        work.publish(
            "ai_events", "tutor.replied.v1", subject=conversation_id, key=principal.user_id,
            data={
                "user_id": principal.user_id, "course_id": conversation.course_id, "version_id": readings.version_id,
                "kind": reply.kind, "model": MODEL, "sources": len(reply.sources),
            },
        )  # fmt: skip
        return exchange

    async def _readings(self, principal: Principal, conversation_id: UUID) -> _Readings:
        async with self._database.transaction(principal.org_id) as connection:
            repository = ConversationRepository(connection, principal.user_id)
            conversation = await repository.find(conversation_id)
            if conversation is None:
                raise ConversationNotFound()
            version_id = await _version(repository, principal, conversation.course_id)
            last = await repository.last_turn(conversation_id)
            completed = await repository.completed_units(conversation.course_id)
            known = await self._material.quizzes(version_id, None)
            content = await repository.content(version_id) if known is None else None
        found = known or await self._material.quizzes(version_id, content)
        assert found is not None
        before = None if last is None else self._opened(last, completed).question
        return _Readings(version_id=version_id, before=before, completed=completed, quizzes=found)

    def _sealed(self, exchange: Exchange, quiz_question_id: UUID | None) -> Turn:
        id, reply = new_id(), exchange.reply
        question = self._keyring.seal(exchange.question.encode(), turn_context(id, "question"))
        return Turn(
            id=id, number=exchange.number, question=question,
            reply=self._keyring.seal(reply.text.encode(), turn_context(id, "reply")), kind=reply.kind,
            quiz_question_id=quiz_question_id, sources=[_stored(source) for source in reply.sources],
            made_by=exchange.made_by, created_at=exchange.created_at,
        )  # fmt: skip

    def _opened(self, turn: Turn, completed: frozenset[UUID]) -> Exchange:
        text = self._keyring.open(turn.reply, turn_context(turn.id, "reply")).decode()
        sources = tuple(
            Source(unit_id=UUID(source["unit_id"]), passage_id=source["passage_id"], heading=source["heading"])
            for source in turn.sources
        )
        return Exchange(
            number=turn.number, question=self._keyring.open(turn.question, turn_context(turn.id, "question")).decode(),
            reply=Reply(kind=turn.kind, text=text, sources=sources),  # type: ignore[arg-type]  # checked by the table
            made_by=turn.made_by, completed=completed, created_at=turn.created_at,
        )  # fmt: skip


async def _version(repository: ConversationRepository, principal: Principal, course_id: UUID) -> UUID:
    found = await repository.readable_version(course_id, any_course=principal.may("courses.any"))
    if found is not None:
        return found
    raise NothingToTeach() if await repository.course_is_published(course_id) else CourseNotFound()


def _open(readings: _Readings) -> Quizzes:
    """The questions of quizzes that the learner has not completed."""
    kept = [n for n, q in enumerate(readings.quizzes.questions) if q.unit_id not in readings.completed]
    vectors = readings.quizzes.vectors
    return Quizzes(
        tuple(readings.quizzes.questions[n] for n in kept), None if vectors is None or not kept else vectors[kept]
    )


def _made_by(vector: Vectors | None) -> dict[str, Any]:
    return {"model": MODEL, "version": VERSION, "searched": "words" if vector is None else "words and meaning"}


def _stored(source: Source) -> dict[str, Any]:
    return {"unit_id": str(source.unit_id), "passage_id": source.passage_id, "heading": source.heading}
