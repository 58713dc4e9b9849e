"""Remembers while it hears from the database which conversations are deleted. No Ray, nothing to restore."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from uuid import UUID

from actors.conversation_memory.state import Key, Memory, Recollection, Turn
from stores.postgres import Database

CHANNEL = "tutor_forgotten"


class ConversationKeeper:
    """A `ConversationMemory` in its own process. Deaf, as at first, it remembers nothing: neither what it had nor what
    it is told."""

    def __init__(self, database: Database, most_bytes: int) -> None:
        self._database = database
        self._memory = Memory(most_bytes)
        self._hears = False
        self._listening: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """See to it that somebody listens, in the loop that this is called in."""
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self.run())

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._database.listen(CHANNEL, self.on_message, self.on_state)

    async def recall(self, key: Key) -> Recollection | None:
        """See `ConversationMemory.recall`."""
        return self._memory.recall(key) if self._hears else None

    async def remember(self, key: Key, ticket: UUID, turns: Iterable[Turn]) -> None:
        """See `ConversationMemory.remember`."""
        if self._hears:
            self._memory.remember(key, ticket, turns)

    def on_message(self, payload: str) -> None:
        """A conversation was deleted: its organisation's id and its own, with a colon between."""
        org_id, _, conversation_id = payload.partition(":")
        self._memory.forget(Key(UUID(org_id), UUID(conversation_id)))

    def on_state(self, hears: bool) -> None:
        """Messages flow, or may have been missed."""
        self._hears = hears
        self._memory.forget_all()
