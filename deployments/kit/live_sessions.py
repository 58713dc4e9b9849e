"""Which sessions are alive, known in the replica's own memory.

A `RevocationFeed` (the `SessionCache` actor) tells what was revoked. Each answer proves the memory fresh as of the
moment the question was sent, and is trusted for one lease from then. Within the lease a request costs no network hop;
past it, that is when actor, network or Valkey fail or this process stood still, every request asks Valkey itself.
So a revoked session is dead here at most one lease after Valkey acknowledged the revocation.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from actors.session_cache.state import RevocationFeed, Revocations
from deployments.kit.principal import Principal
from stores.errors import StoreError


class LiveSessions:
    """Answers "is this session alive?", from memory while the feed is fresh."""

    def __init__(
        self,
        feed: RevocationFeed,
        is_live: Callable[[UUID], Awaitable[bool]],
        lease_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._feed = feed
        self._is_live = is_live
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._trusted_until = float("-inf")
        self._epoch = ""
        self._epoch_started_at = float("inf")
        self._cursor = ""
        self._revoked: dict[UUID, float] = {}

    @property
    def fresh(self) -> bool:
        """Whether memory alone may answer now."""
        return self._clock() < self._trusted_until

    def known(self, principal: Principal) -> bool | None:
        """True or False from memory, None where the store must be asked. Never waits."""
        if principal.session_id in self._revoked:
            return False
        if principal.issued_at < self._epoch_started_at or not self.fresh:
            return None
        return True

    async def check(self, principal: Principal) -> bool:
        """Whether the session is alive. Raises `StoreUnavailable` where neither memory nor store can tell."""
        known = self.known(principal)
        return await self._is_live(principal.session_id) if known is None else known

    def learn(self, news: Revocations, asked_at: float) -> None:
        """Take in an answer to a question that was sent at `asked_at` (this object's clock)."""
        now = time.time()
        if news.complete or news.epoch != self._epoch:
            self._revoked = {}
        self._revoked.update(news.sessions)
        if news.sessions:
            self._revoked = {session: until for session, until in self._revoked.items() if until > now}
        self._epoch, self._epoch_started_at, self._cursor = news.epoch, news.epoch_started_at, news.cursor
        if news.proven:
            self._trusted_until = asked_at + self._lease_seconds

    async def follow(self) -> None:
        """Keep asking the feed, for ever."""
        while True:
            asked_at = self._clock()
            try:
                async with asyncio.timeout(self._lease_seconds):
                    news = await self._feed.changes(self._epoch, self._cursor)
            except (StoreError, TimeoutError, ConnectionError):
                await asyncio.sleep(0.05)
            else:
                self.learn(news, asked_at)
