"""The Ray shell around `RetrievalMember`."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from typing import Any

import ray
import structlog

from actors.monitoring import observe
from actors.retrieval_index.member import RetrievalMember
from configs import placement
from configs.settings import Settings
from learning.embedding.embedder import Embedder
from stores.event_log.consumer import Figures
from stores.postgres import Database
from stores.vaulted import with_vault

NAMESPACE = "azora"
NAME = "retrieval_index"
# Embedding a catalogue takes minutes of a processor; whoever answers requests on the same machine goes first.
_NICER = 5


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR)
class RetrievalIndex:
    """Keeps the index from its first moment on, also after a restart: all it needs to know is in the database."""

    def __init__(self, settings: Settings, name: str) -> None:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ]
        )
        settings = with_vault(settings)
        observe(settings, NAME)
        os.nice(_NICER)
        self._database = Database.from_settings(settings, role="azora_system")
        embedder = Embedder.of(on=settings.retrieval_vectors, threads=settings.embedding_threads)
        self._member = RetrievalMember(settings, self._database, name, embedder)
        # A loop of its own: an asynchronous actor's runs only from the first call on, and nobody need call this one.
        threading.Thread(target=asyncio.run, args=(self._keep(),), name=name, daemon=True).start()

    def report(self) -> Figures:
        """How it fares."""
        return self._member.figures

    async def _keep(self) -> None:
        try:
            await self._member.run(asyncio.Event())
        finally:
            await self._database.close()


def start_retrieval_index(settings: Settings) -> Any | None:
    """The cluster's one, created where it is absent; ended where the settings turn it off."""
    if not settings.retrieval:
        with suppress(ValueError):  # there is none
            ray.kill(ray.get_actor(NAME, namespace=NAMESPACE))
        return None
    return RetrievalIndex.options(  # type: ignore[attr-defined]
        name=NAME, namespace=NAMESPACE, lifetime="detached", get_if_exists=True
    ).remote(settings, NAME)
