"""What was said last in a conversation: from memory where all of it is there, from the database otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from actors.conversation_memory.state import REMEMBERED_TURNS, ConversationMemory, Key, Recollection, Turn
from deployments.kit.work import Work
from deployments.tutor.exchanges import Exchange, Scribe
from deployments.tutor.repository import Conversation, ConversationRepository
from stores.metrics import tutoring
from stores.sealing import SealBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The last turns of a conversation, also in the clear. `ticket` is for what is to be remembered besides; None where
    nobody remembers."""

    turns: tuple[Turn, ...]
    exchanges: tuple[Exchange, ...]
    ticket: UUID | None


class LastTurns:
    """Asks a memory, but believes the database alone as to which conversations there are and how long they are."""

    def __init__(self, memory: ConversationMemory, scribe: Scribe) -> None:
        self._memory = memory
        self._scribe = scribe

    async def recall(self, org_id: UUID, conversation_id: UUID) -> Recollection | None:
        """To be asked before the conversation is looked up: no connection waits for the answer."""
        return await self._memory.recall(Key(org_id, conversation_id))

    async def of(
        self,
        conversation: Conversation,
        recalled: Recollection | None,
        repository: ConversationRepository,
        completed: frozenset[UUID],
    ) -> Said:
        """What was said before in a conversation as it was read just now. Raises `SealBroken`."""
        ticket = recalled.ticket if recalled else None
        if not conversation.turns:
            return Said(turns=(), exchanges=(), ticket=ticket)
        turns: Sequence[Turn] | None = recalled.last_of(conversation.turns) if recalled else None
        if turns is not None and (opened := self._opened(turns, completed)) is not None:
            tutoring.recalled("remembered")
        else:
            turns = await repository.last_turns(conversation.id, REMEMBERED_TURNS)
            opened = tuple(self._scribe.open(turn, completed) for turn in turns)
            tutoring.recalled("read" if recalled else "unavailable")
        return Said(turns=tuple(turns), exchanges=opened, ticket=ticket)

    def _opened(self, turns: Sequence[Turn], completed: frozenset[UUID]) -> tuple[Exchange, ...] | None:
        """In the clear; None where they were sealed under a key that is gone: the database has them under another."""
        try:
            return tuple(self._scribe.open(turn, completed) for turn in turns)
        except SealBroken:
            return None

    def remember(self, work: Work, conversation_id: UUID, said: Said, turn: Turn) -> None:
        """Once `turn` is committed, remember it with those before."""
        if (ticket := said.ticket) is not None:
            key, turns = Key(work.org_id, conversation_id), (*said.turns, turn)
            work.after_commit(lambda: self._memory.remember(key, ticket, turns))
