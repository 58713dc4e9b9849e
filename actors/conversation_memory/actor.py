"""The Ray shell around `ConversationKeeper`, and what a replica has of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import ray
from ray.exceptions import RayError

from actors.conversation_memory.state import ConversationMemory, Forgetful, Key, Recollection, Turn
from actors.conversation_memory.store import ConversationKeeper
from actors.monitoring import observe
from configs import placement
from configs.settings import Settings
from stores.postgres import Database
from stores.vaulted import with_vault

NAMESPACE = "azora"
NAME = "conversation_memory"
# A reading of the database takes a millisecond: nobody waits much longer for being spared one, nor again and again.
_PATIENCE_SECONDS = 0.03
_REST_SECONDS = 1.0
# Nobody waits for it to be told, but what is never taken would be kept for ever.
_TELLING_SECONDS = 5.0


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR, max_concurrency=1000)
class ConversationActor:
    """Remembers a share of the conversations. Starts with nothing, also after a restart: turns bring it back."""

    def __init__(self, settings: Settings) -> None:
        settings = with_vault(settings)
        observe(settings, NAME)
        self._keeper = ConversationKeeper(Database.from_settings(settings), settings.conversation_memory_bytes)

    async def recall(self, key: Key) -> Recollection | None:
        """See `ConversationMemory.recall`."""
        self._keeper.listen()  # the loop to do it in exists only from the first call on
        return await self._keeper.recall(key)

    async def remember(self, key: Key, ticket: UUID, turns: tuple[Turn, ...]) -> None:
        """See `ConversationMemory.remember`."""
        await self._keeper.remember(key, ticket, turns)


class _Share:
    """One of the actors. It is looked for, and made where it is absent, while nobody waits."""

    def __init__(self, settings: Settings, index: int) -> None:
        self._settings = settings
        self._name = f"{NAME}-{index}"
        self._rests_until = 0.0
        self._looking: asyncio.Task[Any] | None = None

    def handle(self) -> Any | None:
        """The actor; None while it is looked for, or let alone."""
        looking = self._looking
        if looking is not None and looking.done():
            if looking.exception() is None:
                return looking.result()
            self.lost()
        elif looking is None and time.monotonic() >= self._rests_until:
            self._looking = asyncio.create_task(asyncio.to_thread(self._find))
        return None

    def lost(self) -> None:
        """It did not answer: it is let alone for a moment, and looked for anew."""
        self._looking, self._rests_until = None, time.monotonic() + _REST_SECONDS

    def _find(self) -> Any:
        options = ConversationActor.options(  # type: ignore[attr-defined]
            name=self._name, namespace=NAMESPACE, lifetime="detached", get_if_exists=True
        )
        return options.remote(self._settings)


class ActorMemory:
    """A `ConversationMemory` in the cluster's actors, each with its share of the conversations."""

    def __init__(self, settings: Settings) -> None:
        self._shares = [_Share(settings, index) for index in range(settings.conversation_memory_actors)]
        self._telling: set[asyncio.Task[None]] = set()

    async def recall(self, key: Key) -> Recollection | None:
        """See `ConversationMemory.recall`."""
        share = self._share(key)
        if (handle := share.handle()) is None:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found: Recollection | None = await handle.recall.remote(key)
        except (RayError, TimeoutError):
            share.lost()
            return None
        return found

    async def remember(self, key: Key, ticket: UUID, turns: Iterable[Turn]) -> None:
        """See `ConversationMemory.remember`. Whoever asked does not wait until it is done."""
        if (handle := self._share(key).handle()) is not None:
            task = asyncio.create_task(_tell(handle, key, ticket, tuple(turns)))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    def _share(self, key: Key) -> _Share:
        return self._shares[key.conversation_id.int % len(self._shares)]


async def _tell(handle: Any, key: Key, ticket: UUID, turns: tuple[Turn, ...]) -> None:
    try:
        async with asyncio.timeout(_TELLING_SECONDS):
            await handle.remember.remote(key, ticket, turns)
    except (RayError, TimeoutError):  # what it did not hear, the next turn reads from the database
        return


def conversation_memory(settings: Settings) -> ConversationMemory:
    """What the settings say: the cluster's actors, or none."""
    return ActorMemory(settings) if settings.conversation_memory_actors else Forgetful()
