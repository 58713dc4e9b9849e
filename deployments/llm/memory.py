"""What replicas remember of organisations' decisions, for as long as they hear of changes.

Triggers notify the channel `llm_changed` at commit of every organisation whose settings, keys or budgets changed. What
was read is kept only while that channel is heard; without it every call asks the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from uuid import UUID

CHANNEL = "llm_changed"
_REMEMBERED = 20_000
Key = TypeVar("Key")
Value = TypeVar("Value")


class Memory(Generic[Key, Value]):
    """Values by key, read when they are first needed, each with the organisation whose changes undo it."""

    def __init__(self, read: Callable[[Key], Awaitable[tuple[UUID, Value] | None]]) -> None:
        self._read = read
        self._kept: dict[Key, tuple[UUID, Value]] = {}
        self._changes = 0
        self._live = False
        self._readings: dict[tuple[Key, int], asyncio.Task[Value | None]] = {}

    def known(self, key: Key) -> Value | None:
        """The value, where memory has it. Never waits."""
        found = self._kept.get(key)
        return None if found is None else found[1]

    async def get(self, key: Key) -> Value | None:
        """The value; None where there is none. Raises `StoreUnavailable`."""
        if (found := self._kept.get(key)) is not None:
            return found[1]
        # Whoever comes meanwhile waits for the same reading, unless something changed since it began.
        place = (key, self._changes)
        if (reading := self._readings.get(place)) is None:
            reading = self._readings[place] = asyncio.create_task(self._fill(key))
            reading.add_done_callback(lambda _: self._readings.pop(place, None))
        return await asyncio.shield(reading)

    async def _fill(self, key: Key) -> Value | None:
        changes = self._changes
        read = await self._read(key)
        if read is None:
            return None
        if self._live and changes == self._changes:
            while len(self._kept) >= _REMEMBERED:  # oldest first: dicts keep order
                del self._kept[next(iter(self._kept))]
            self._kept[key] = read
        return read[1]

    def on_message(self, payload: str) -> None:
        """Something of the organisation changed."""
        self._changes += 1
        org_id = UUID(payload)
        for key in [key for key, (owner, _) in self._kept.items() if owner == org_id]:
            del self._kept[key]

    def on_state(self, live: bool) -> None:
        """Changes are heard from now on, or may have been missed."""
        self._changes += 1
        self._live = live
        self._kept.clear()
