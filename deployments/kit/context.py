"""What the services of one process share: stores, keys, live sessions, limits. Opened once, closed once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from actors.conversation_memory.state import ConversationMemory
from actors.session_cache.state import RevocationFeed
from configs.settings import Settings
from deployments.kit.authentication import Authenticator
from deployments.kit.gate import Limits
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.look_ups import LookUps
from deployments.kit.rate_limit import RateLimiter
from learning.embedding.embedder import Embedder
from stores import valkey
from stores.keyrings import following, keyring_of
from stores.postgres import Database
from stores.sealing import Keyring
from stores.session_keys import session_key
from stores.signing_keys import KeyDirectory
from stores.valkey import Valkey

FeedFactory = Callable[[Settings], RevocationFeed]
MemoryFactory = Callable[[Settings], ConversationMemory]


@dataclass
class ServiceContext:
    """The shared resources of a replica."""

    settings: Settings
    database: Database
    valkey: Valkey
    keyring: Keyring
    keys: KeyDirectory
    sessions: LiveSessions
    authenticator: Authenticator
    limiter: RateLimiter
    limits: Limits
    embedder: Embedder
    memory: ConversationMemory
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    def create(cls, settings: Settings, feed: RevocationFeed, memory: ConversationMemory) -> Self:
        """Wire the resources up. Opens no connection yet."""
        database = Database.from_settings(settings)
        client = valkey.connect(settings)
        keys = KeyDirectory(database)
        sessions = LiveSessions(feed, _session_check(client), settings.revocation_lease.total_seconds())
        return cls(
            settings=settings,
            database=database,
            valkey=client,
            keyring=keyring_of(settings),
            keys=keys,
            sessions=sessions,
            authenticator=Authenticator(keys, sessions, settings.issuer),
            limiter=RateLimiter(client),
            limits=Limits(settings.rate_limit, settings.rate_limit_anonymous, settings.trusted_proxies),
            embedder=Embedder.of(on=settings.retrieval_vectors, threads=settings.embedding_threads),
            memory=memory,
        )

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something for as long as the replica lives."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open(self) -> None:
        """Start following revocations and keys. Data keys are those of now, once it is open."""
        await self._opened.enter_async_context(following(self.settings, self.keyring))
        self.spawn(self.sessions.follow())
        self.spawn(self.keys.keep_fresh())

    async def ping_valkey(self) -> None:
        """One round trip. Raises `StoreUnavailable`."""
        with valkey.translated():
            await self.valkey.ping()

    async def close(self) -> None:
        """Stop background work and close connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._opened.aclose()
        await self.database.close()
        await self.valkey.aclose()
        self.embedder.close()


def _session_check(client: Valkey) -> Callable[[UUID], Awaitable[bool]]:
    async def ask(session_ids: Sequence[UUID]) -> list[bool]:
        with valkey.translated():
            async with client.pipeline(transaction=False) as pipeline:
                for session_id in session_ids:
                    pipeline.exists(session_key(session_id))
                return [bool(found) for found in await pipeline.execute()]

    return LookUps(ask).is_live
