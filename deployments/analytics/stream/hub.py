"""The hub of a replica: it hears what changed, reads each watched scope once, and wakes whoever watches it.

It is told of changes on PostgreSQL's channel `analytics_changed`. While that channel is down it asks every second how
far the figures are. However slow a client is, the hub keeps one reading per scope and nothing per client.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from deployments.analytics.changes import Changes
from deployments.analytics.errors import StreamsExhausted, TooManyStreams
from deployments.analytics.repository.cells import Versions
from deployments.analytics.stream.readings import Reading, Watched
from deployments.kit.logs import get_logger
from stores.errors import StoreError

log = get_logger("analytics")

_POLL_SECONDS = 1.0
_READERS = 4
_RETRY_SECONDS = 10


class Reader(Protocol):
    """Where the hub reads."""

    async def versions(self) -> Versions:
        """How far the figures are. Raises `StoreUnavailable`."""
        ...

    async def read(self, watched: Watched) -> Reading | None:
        """The scope as it is; None where it is there no more. Raises `StoreUnavailable`."""
        ...


@dataclass(slots=True, eq=False)
class Feed:
    """A watched scope: its newest reading, and the clients to wake. `gone` where the scope is there no more."""

    watched: Watched
    latest: Reading | None = None
    stale: bool = True
    gone: bool = False
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    wakers: set[asyncio.Event] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Subscription:
    """One client's view of a feed."""

    feed: Feed
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, seconds: float) -> None:
        """Until there may be something new, or that long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()
        self.news.clear()


class Hub:
    """Clients come in by `subscription`; `run`, and what is heard on the channel, keep the readings fresh."""

    def __init__(self, reader: Reader, *, push_interval: timedelta, per_replica: int, per_person: int) -> None:
        self._reader = reader
        self._push_seconds = push_interval.total_seconds()
        self._per_replica = per_replica
        self._per_person = per_person
        self._feeds: dict[Watched, Feed] = {}
        self._people: Counter[UUID] = Counter()
        self._news = asyncio.Event()
        self._heard = False
        self._known: Versions | None = None
        self._today = _today()
        self.closed = False

    @asynccontextmanager
    async def subscription(self, watched: Watched, user_id: UUID) -> AsyncIterator[Subscription]:
        """Watch a scope for as long as the block lasts; its feed has a reading, unless the scope is gone.

        Raises `TooManyStreams`, `StreamsExhausted`, `StoreUnavailable`.
        """
        if self._people[user_id] >= self._per_person:
            raise TooManyStreams(_RETRY_SECONDS, f"At most {self._per_person} at a time")
        if self._people.total() >= self._per_replica:
            raise StreamsExhausted()
        self._people[user_id] += 1
        feed = self._feeds.setdefault(watched, Feed(watched))
        subscription = Subscription(feed)
        feed.wakers.add(subscription.news)
        try:
            if feed.latest is None:
                await self._read(feed)
            yield subscription
        finally:
            feed.wakers.discard(subscription.news)
            if not feed.wakers:
                self._feeds.pop(watched, None)
            self._people -= Counter([user_id])

    @property
    def streams(self) -> int:
        """How many clients there are."""
        return self._people.total()

    def on_message(self, payload: str) -> None:
        """Take in what an aggregator committed: which scopes changed."""
        changes = Changes.read(payload)
        self._invalidate(feed for feed in self._feeds.values() if _concern(changes, feed.watched))

    def on_state(self, heard: bool) -> None:
        """The channel came up or went down; either way something may have been missed."""
        self._heard = heard
        self._invalidate(self._feeds.values())

    def _invalidate(self, feeds: Iterable[Feed]) -> None:
        for feed in feeds:
            feed.stale = True
            self._news.set()

    async def run(self) -> None:
        """Keep the readings fresh, for ever: at once when something changed, then not before the next push."""
        try:
            while True:
                await self._await_news()
                stale = [feed for feed in self._feeds.values() if feed.stale]
                gate = asyncio.Semaphore(_READERS)
                await asyncio.gather(*(self._refresh(feed, gate) for feed in stale))
                await asyncio.sleep(self._push_seconds)
        finally:
            self.closed = True
            for feed in self._feeds.values():
                _wake(feed)

    async def _await_news(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._news.wait()
        self._news.clear()
        if self._today != _today():  # what is called today is another day
            self._today = _today()
            self._invalidate(self._feeds.values())
        if not self._heard and self._feeds:
            await self._ask()

    async def _ask(self) -> None:
        try:
            versions = await self._reader.versions()
        except StoreError:
            return
        if versions != self._known:
            self._known = versions
            self._invalidate(self._feeds.values())

    async def _refresh(self, feed: Feed, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                await self._read(feed)
            except StoreError as error:
                feed.stale = True  # and again at the next turn
                self._news.set()
                log.warning("stream not read", watched=feed.watched.kind, cause=repr(error))
        _wake(feed)

    async def _read(self, feed: Feed) -> None:
        async with feed.reading:
            if feed.stale:
                feed.stale = False  # before the reading: a change during it counts as one after it
                try:
                    reading = await self._reader.read(feed.watched)
                except BaseException:
                    feed.stale = True
                    raise
                feed.gone = reading is None
                feed.latest = reading


def _wake(feed: Feed) -> None:
    for waker in feed.wakers:
        waker.set()


def _concern(changes: Changes, watched: Watched) -> bool:
    if watched.kind == "platform":
        return True
    if watched.kind == "course":
        return changes.concern_course(watched.id)
    return changes.concern_organisation(watched.org_id)


def _today() -> date:
    return datetime.now(UTC).date()
