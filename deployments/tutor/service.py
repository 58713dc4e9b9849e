"""The rules of tutoring: who may ask about what, what is a hint and what an answer, and what is remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from deployments.kit.judging import Edge, Ruling
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.tutor.errors import AnswerBrokeOff, ConversationFull, ConversationNotFound
from deployments.tutor.exchanges import Exchange, Scribe
from deployments.tutor.preparing import MAXIMUM_TURNS, Preparation, Prepared, readable_version
from deployments.tutor.remembering import LastTurns
from deployments.tutor.repository import Conversation, ConversationRepository
from deployments.tutor.voice import Spoken, Voice, VoiceFailed
from learning.retrieval.extraction import VERSION
from learning.tutoring import replies
from learning.tutoring.guarding import Guard
from learning.tutoring.replies import Reply
from learning.tutoring.standing import for_a_model, with_advice
from learning.tutoring.wording import Wording
from stores.ids import new_id
from stores.postgres import Database

log = structlog.get_logger("azora.tutor")

EXTRACTIVE = "extractive"


class TutorService:
    """With a `voice`, answers are put into words by a language model; hints and refusals are always the tutor's own."""

    def __init__(
        self, database: Database, preparation: Preparation, scribe: Scribe, last: LastTurns, voice: Voice | None,
        edge: Edge,
    ) -> None:  # fmt: skip
        self._database = database
        self._edge = edge
        self._preparation = preparation
        self._scribe = scribe
        self._last = last
        self.voice = voice

    async def open(self, work: Work, principal: Principal, course_id: UUID) -> Conversation:
        """Begin a conversation about a course. Raises `CourseNotFound`, `NothingToTeach`."""
        repository = ConversationRepository(await work.connection(), principal.user_id)
        version_id = await readable_version(repository, principal, course_id)
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
        return conversation, [self._scribe.open(turn, completed) for turn in await repository.turns(conversation_id)]

    async def forget(self, work: Work, principal: Principal, conversation_id: UUID) -> None:
        """Delete a conversation for good. Raises `ConversationNotFound`."""
        if not await ConversationRepository(await work.connection(), principal.user_id).delete(conversation_id):
            raise ConversationNotFound()

    async def ask(self, work: Work, principal: Principal, conversation_id: UUID, text: str, token: str) -> Exchange:
        """Reply to a question, and remember both. `token` is the asker's own, for a model to be asked with.

        Raises `ConversationNotFound`, `ConversationFull`, `NothingToTeach` where the learner has left the course,
        `MaterialNotReady` where it is not indexed yet.
        """
        prepared = await self._preparation.prepare(principal, conversation_id, text)
        said = None
        if self._speaks(prepared):
            wording = _wording(prepared)
            try:
                pieces = [piece async for piece in self._say(prepared, wording, token)]
                said = _worded(prepared, wording, pieces)
            except VoiceFailed as error:
                log.warning("quoting instead of a model's answer", cause=str(error))
        return await self._keep(work, principal, conversation_id, prepared, said)

    async def stream(
        self, principal: Principal, conversation_id: UUID, prepared: Prepared, token: str
    ) -> AsyncIterator[str | Exchange]:
        """Pieces of the answer as the model says them, then what was remembered, in a transaction of its own.

        What fails before the first piece, or says nothing that the material bears out, is answered by quoting. Nothing
        is remembered where it raises: `AnswerBrokeOff` as the answer breaks off later, `ConversationNotFound` and
        `ConversationFull` for what happened to the conversation meanwhile, `StoreUnavailable`.
        """
        pieces: list[str] = []
        wording = _wording(prepared)
        if self._speaks(prepared):
            try:
                async for piece in self._say(prepared, wording, token):
                    pieces.append(piece)
                    yield piece
            except VoiceFailed as error:
                if pieces:
                    raise AnswerBrokeOff() from error
                log.warning("quoting instead of a model's answer", cause=str(error))
        async with Work(self._database, principal.org_id, "tutor") as work:
            said = _worded(prepared, wording, pieces) if pieces else None
            exchange = await self._keep(work, principal, conversation_id, prepared, said)
        if not pieces:
            yield exchange.reply.text
        yield exchange

    async def prepare(self, principal: Principal, conversation_id: UUID, text: str) -> Prepared:
        """For `stream`, while a refusal can still be a status.

        Raises `ConversationNotFound`, `ConversationFull`, `NothingToTeach`, `MaterialNotReady`.
        """
        return await self._preparation.prepare(principal, conversation_id, text)

    def _speaks(self, prepared: Prepared) -> bool:
        return self.voice is not None and prepared.sought is None and bool(prepared.quotations and prepared.excerpts)

    async def _say(self, prepared: Prepared, wording: Wording, token: str) -> AsyncIterator[str]:
        """What of a model's answer may be shown: it gives no open quiz away, and the excerpts bear it out."""
        async for sentence in self._sentences(prepared, token):
            meant = await self._preparation.meaning(prepared, wording.plain(sentence))
            if shown := wording.take(sentence, meant):
                yield shown
        if rest := wording.finish():
            yield rest

    async def _sentences(self, prepared: Prepared, token: str) -> AsyncIterator[str]:
        assert self.voice is not None
        guard = Guard(prepared.near)
        # Shown its own refusals, a model goes on refusing. What a question follows up is told with it.
        answered = (exchange for exchange in prepared.before.exchanges if exchange.reply.kind == "answer")
        before = [Spoken(exchange.question, exchange.reply.text) for exchange in answered]
        learner = for_a_model(prepared.standings)
        excerpts = [f"{excerpt.source.heading}\n{excerpt.text}" for excerpt in prepared.excerpts]
        async for piece in self.voice.say(token, prepared.wanted, excerpts, before, learner):
            for sentence in guard.take(piece):
                yield sentence
        for sentence in guard.finish():
            yield sentence

    async def _keep(
        self, work: Work, principal: Principal, conversation_id: UUID, prepared: Prepared, said: Reply | None
    ) -> Exchange:
        """Write the exchange, the conversation being locked: hints are counted one by one."""
        ruling = await self._edge.ruling(principal.org_id)
        repository = ConversationRepository(await work.connection(), principal.user_id)
        conversation = await repository.lock(conversation_id)
        if conversation is None:
            raise ConversationNotFound()
        if conversation.turns >= MAXIMUM_TURNS:
            raise ConversationFull()
        hints = await repository.hints(conversation_id, prepared.sought.id) if prepared.sought else 0
        reply = _judged(work, ruling, principal, prepared, _reply(prepared, said, hints))
        exchange = Exchange(
            number=conversation.turns + 1, question=prepared.text, reply=reply,
            made_by=self._made_by(prepared, said), completed=prepared.completed, created_at=datetime.now(UTC),
        )  # fmt: skip
        if conversation.version_id != prepared.version_id:
            await repository.move(conversation_id, prepared.version_id)
        turn = self._scribe.seal(exchange, prepared.sought.id if prepared.sought else None)
        await repository.add(conversation_id, work.org_id, turn)
        self._last.remember(work, conversation_id, prepared.before, turn)
        work.publish(
            "ai_events", "tutor.replied.v1", subject=conversation_id, key=principal.user_id,
            data={
                "user_id": principal.user_id, "course_id": conversation.course_id, "version_id": prepared.version_id,
                "kind": exchange.reply.kind, "model": exchange.made_by["model"], "sources": len(exchange.reply.sources),
            },
        )  # fmt: skip
        return exchange

    def _made_by(self, prepared: Prepared, said: Reply | None) -> dict[str, Any]:
        model = self.voice.model if said is not None and self.voice is not None else EXTRACTIVE
        in_vain = self.voice.model if said is None and self.voice is not None and self._speaks(prepared) else None
        return {
            "model": model, "asked_in_vain": in_vain, "version": VERSION, "version_id": str(prepared.version_id),
            "searched": "words and meaning" if prepared.by_meaning else "words",
            "considered": [
                {"skill_id": one.skill_id, "level": one.level} for one in prepared.standings if one.answers
            ],
        }  # fmt: skip


def _wording(prepared: Prepared) -> Wording:
    excerpts = [f"{excerpt.source.heading}\n\n{excerpt.text}" for excerpt in prepared.excerpts]
    return Wording(excerpts, prepared.meaning)


def _worded(prepared: Prepared, wording: Wording, pieces: Sequence[str]) -> Reply | None:
    """The reply that a model's sentences make; None where nothing that it said may be shown."""
    text = "".join(pieces)
    if wording.cited:
        return replies.in_other_words(text, [prepared.excerpts[place].source for place in wording.cited])
    if wording.refuses:
        return replies.declined()
    return None


def _judged(work: Work, ruling: Ruling, principal: Principal, prepared: Prepared, reply: Reply) -> Reply:
    """The reply as the constitution lets it out. What the learner may read in the course is nothing new to them."""
    known = [prepared.text, *(one.text for one in prepared.quotations), *(one.text for one in prepared.excerpts)]
    known += [text for before in prepared.before.exchanges for text in (before.question, before.reply.text)]
    passed = ruling.on(reply.text, actor=principal.user_id, known=known)
    if passed.entry is not None:
        work.record(passed.entry)
    return replies.withheld() if passed.text is None else replace(reply, text=passed.text)


def _reply(prepared: Prepared, said: Reply | None, hints: int) -> Reply:
    if prepared.sought is not None:
        return replies.hint(prepared.sought, hints, prepared.quotations)
    if said is not None:
        if said.kind == "declined":
            return said
        reply = said
    elif prepared.quotations:
        reply = replies.answer(prepared.quotations)
    else:
        return replies.declined()
    return replace(reply, text=with_advice(reply.text, prepared.standings))
