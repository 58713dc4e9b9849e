"""The Ray shell around `Aggregator`."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

import ray
import structlog

from actors.analytics_aggregator.aggregator import Aggregator, collect_garbage_seldom
from actors.monitoring import observe
from configs import placement
from configs.settings import Settings
from stores.event_log.consumer import Figures
from stores.postgres import Database
from stores.vaulted import with_vault

NAMESPACE = "azora"
NAME = "analytics_aggregator"


@ray.remote(num_cpus=0, max_restarts=-1, resources=placement.ACTOR, scheduling_strategy="SPREAD")
class AnalyticsAggregator:
    """Aggregates from its first moment on, also after a restart: all it needs to know is in the database."""

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
        collect_garbage_seldom()
        self._database = Database.from_settings(settings, role="azora_system")
        self._aggregator = Aggregator(settings, self._database, name)
        # A loop of its own: an asynchronous actor's runs only from the first call on, and nobody need call this one.
        threading.Thread(target=asyncio.run, args=(self._aggregate(),), name=name, daemon=True).start()

    def report(self) -> Figures:
        """How it fares."""
        return self._aggregator.figures

    async def _aggregate(self) -> None:
        try:
            await self._aggregator.run(asyncio.Event())
        finally:
            await self._database.close()


def start_analytics_aggregators(settings: Settings) -> list[Any]:
    """The cluster's aggregators, created where they are absent. Those that are too many are ended; the others take
    over their partitions within seconds.
    """
    names = [f"{NAME}-{number}" for number in range(settings.analytics_aggregators)]
    for surplus in _running() - set(names):
        with suppress(ValueError):  # somebody else has ended it
            ray.kill(ray.get_actor(surplus, namespace=NAMESPACE))
    return [
        AnalyticsAggregator.options(  # type: ignore[attr-defined]
            name=name, namespace=NAMESPACE, lifetime="detached", get_if_exists=True
        ).remote(settings, name)
        for name in names
    ]


def _running() -> set[str]:
    actors = ray.util.list_named_actors(all_namespaces=True)
    return {
        actor["name"]
        for actor in actors
        if actor["namespace"] == NAMESPACE and actor["name"].rpartition("-")[0] == NAME
    }
