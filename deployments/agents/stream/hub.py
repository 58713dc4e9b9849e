"""Who follows which task in this replica, and waking them when its journal grows.

The hub hears of tasks on PostgreSQL's channel `agent_news`. Each client reads the journal for itself, after the line
that it has: a client that misses a message looks from time to time anyway, so no line is ever missed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from deployments.agents.errors import TaskStreamsExhausted, TooManyTaskStreams

_RETRY_SECONDS = 10
_HEARD_SECONDS = 5.0
_DEAF_SECONDS = 1.0


class Hub:
    """Clients come in by `following`."""

    def __init__(self, *, per_replica: int, per_person: int) -> None:
        self._per_replica = per_replica
        self._per_person = per_person
        self._wakers: dict[UUID, set[asyncio.Event]] = {}
        self._people: Counter[UUID] = Counter()
        self._heard = False

    @property
    def look_seconds(self) -> float:
        """How long a client waits at the most before it looks for itself."""
        return _HEARD_SECONDS if self._heard else _DEAF_SECONDS

    @contextmanager
    def following(self, task_id: UUID, user_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be news. Raises `TooManyTaskStreams`, `TaskStreamsExhausted`."""
        if self._people[user_id] >= self._per_person:
            raise TooManyTaskStreams(_RETRY_SECONDS, f"At most {self._per_person} at a time")
        if self._people.total() >= self._per_replica:
            raise TaskStreamsExhausted()
        self._people[user_id] += 1
        waker = asyncio.Event()
        self._wakers.setdefault(task_id, set()).add(waker)
        try:
            yield waker
        finally:
            self._wakers[task_id].discard(waker)
            if not self._wakers[task_id]:
                del self._wakers[task_id]
            self._people -= Counter([user_id])

    def on_message(self, payload: str) -> None:
        """Wake whoever follows one of these tasks."""
        if not self._wakers:
            return
        for part in payload.split(","):
            try:
                wakers = self._wakers.get(UUID(hex=part), ())
            except ValueError:
                continue
            for waker in wakers:
                waker.set()

    def on_state(self, heard: bool) -> None:
        """The channel came up or went down; either way something may have been missed."""
        self._heard = heard
        for wakers in self._wakers.values():
            for waker in wakers:
                waker.set()
