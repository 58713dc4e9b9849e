"""One member of the consumer "analytics"; no Ray."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

from actors.analytics_aggregator.handler import CONSUMER, AnalyticsHandler
from configs.settings import Settings
from stores.event_log.consumer import Consumer, Figures
from stores.event_log.outbox import OutboxSource
from stores.event_log.types import Source
from stores.kafka.source import KafkaSource
from stores.metrics.event_log import Member
from stores.postgres import Database

# Readers see changes at this pace; more often would cost more than it shows.
_PACE = timedelta(milliseconds=250)
_METRICS_SECONDS = 1.0
# Fewer take longer for each event; more take memory, twice: the next are read while these take effect.
_AT_ONCE = 2_500


class Aggregator:
    """Folds the partitions that fall to `member` into the figures. `database` is under `azora_system`.

    What it knows is stored with the positions it has read up to, so it may be killed at any time, and whoever comes
    back under the name goes on at once.
    """

    def __init__(self, settings: Settings, database: Database, member: str) -> None:
        handler = AnalyticsHandler()
        source = _source(settings, database, handler, member)
        self._consumer = Consumer(database, source, handler, limit=_AT_ONCE, min_interval=_PACE)

    @property
    def figures(self) -> Figures:
        """How it fares."""
        return self._consumer.figures

    async def run(self, stop: asyncio.Event) -> None:
        """Aggregate until `stop` is set, then give the partitions back."""
        metrics = asyncio.create_task(self._keep_metrics())
        try:
            await self._consumer.run(stop)
        finally:
            metrics.cancel()

    async def _keep_metrics(self) -> None:
        member = Member(CONSUMER)
        while True:
            member.observe(self.figures)
            await asyncio.sleep(_METRICS_SECONDS)


def _source(settings: Settings, database: Database, handler: AnalyticsHandler, member: str) -> Source:
    if settings.kafka_bootstrap_servers is None:
        return OutboxSource(database, consumer=handler.consumer, topics=handler.topics, member=member)
    return KafkaSource(settings, database, consumer=handler.consumer, topics=handler.topics, member=member)


def collect_garbage_seldom() -> None:
    """Have this process look for cyclic garbage less often: folding makes many objects, hardly any of them cyclic, and
    looking through all that is remembered would take a third of the time.
    """
    gc.set_threshold(1_000_000, 10, 100)
