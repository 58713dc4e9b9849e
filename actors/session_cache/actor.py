"""The Ray shell around `RevocationFollower`."""

from __future__ import annotations

import asyncio
from typing import Any

import ray
from ray.exceptions import RayError

from actors.monitoring import observe
from actors.session_cache.state import Revocations
from actors.session_cache.store import RevocationFollower
from configs import placement
from configs.settings import Settings
from stores import valkey
from stores.errors import StoreUnavailable
from stores.vaulted import with_vault

NAMESPACE = "azora"


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR, max_concurrency=1000)
class SessionCache:
    """Follows revocations for the replicas of one cluster. Restores itself from Valkey's stream as it starts."""

    def __init__(self, settings: Settings) -> None:
        settings = with_vault(settings)
        observe(settings, "session_cache")
        self._settings = settings
        self._follower: RevocationFollower | None = None
        self._task: asyncio.Task[None] | None = None

    async def changes(self, epoch: str, cursor: str) -> Revocations:
        """See `RevocationFeed.changes`."""
        if self._follower is None:  # the loop to follow in exists only from the first call on
            self._follower = RevocationFollower(valkey.connect(self._settings))
            self._task = asyncio.create_task(self._follower.run())
        return await self._follower.changes(epoch, cursor)


class ActorFeed:
    """A `RevocationFeed` that asks one of the cluster's `SessionCache` actors, creating it where it is absent."""

    def __init__(self, settings: Settings, index: int) -> None:
        self._settings = settings
        self._name = f"session_cache-{index % settings.session_cache_actors}"
        self._handle: Any = None

    async def changes(self, epoch: str, cursor: str) -> Revocations:
        """Ask the actor. Raises `StoreUnavailable` while it is away; Ray restarts it."""
        try:
            if self._handle is None:
                self._handle = await asyncio.to_thread(self._find)
            answer: Revocations = await self._handle.changes.remote(epoch, cursor)
        except RayError as error:
            self._handle = None
            raise StoreUnavailable("The session cache does not answer") from error
        return answer

    def _find(self) -> Any:
        options = SessionCache.options(  # type: ignore[attr-defined]
            name=self._name, namespace=NAMESPACE, lifetime="detached", get_if_exists=True
        )
        return options.remote(self._settings)
