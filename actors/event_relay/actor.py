"""The Ray shell around a member of the relay."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import ray
import structlog

from actors.monitoring import observe
from configs import placement
from configs.settings import Settings
from stores.event_log.consumer import Figures
from stores.kafka.relay import CONSUMER, relay
from stores.metrics.event_log import Member
from stores.postgres import Database
from stores.vaulted import with_vault

NAMESPACE = "azora"
NAME = "event_relay"


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR)
class EventRelay:
    """Ships from its first moment on, also after a restart: how far it has come is in the database."""

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
        self._database = Database.from_settings(settings, role="azora_system")
        self._relay = relay(settings, self._database, name)
        # A loop of its own: an asynchronous actor's runs only from the first call on, and nobody need call this one.
        threading.Thread(target=asyncio.run, args=(self._ship(),), name=name, daemon=True).start()

    def report(self) -> Figures:
        """How it fares."""
        return self._relay.figures

    async def _ship(self) -> None:
        metrics = asyncio.create_task(self._keep_metrics())
        try:
            await self._relay.run(asyncio.Event())
        finally:
            metrics.cancel()
            await self._database.close()

    async def _keep_metrics(self) -> None:
        member = Member(CONSUMER)
        while True:
            member.observe(self._relay.figures)
            await asyncio.sleep(1)


def start_event_relays(settings: Settings) -> list[Any]:
    """The cluster's relays, created where they are absent; none where no Kafka is configured."""
    if settings.kafka_bootstrap_servers is None:
        return []
    names = [f"{NAME}-{number}" for number in range(settings.event_relay_actors)]
    return [
        EventRelay.options(  # type: ignore[attr-defined]
            name=name, namespace=NAMESPACE, lifetime="detached", get_if_exists=True
        ).remote(settings, name)
        for name in names
    ]
