"""The one who keeps the index: listens, cuts, embeds. No Ray."""

from __future__ import annotations

import asyncio
import time

import structlog

from actors.repeating import repeat
from actors.retrieval_index import requests
from actors.retrieval_index.embedding import embed_sentences, embed_some
from actors.retrieval_index.indexing import bring_in_step
from actors.retrieval_index.requests import RetrievalHandler
from configs.settings import Settings
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from stores.event_log.consumer import Consumer, Figures
from stores.event_log.outbox import OutboxSource
from stores.event_log.types import Source
from stores.kafka.source import KafkaSource
from stores.metrics.event_log import Member
from stores.postgres import Database

log = structlog.get_logger("azora.retrieval")

_METRICS_SECONDS = 1.0
_IDLE_SECONDS = 0.5
# Who looks for passages without vectors of their sentences compares all, some 60 ms for 100,000.
_SENTENCES_IDLE_SECONDS = 20.0
_GIVEN_UP_SECONDS = 3_600.0


class RetrievalMember:
    """Keeps the index in step. `database` is under `azora_system`.

    May be killed at any time: what is to be done is in the database, and doing it again does no harm.
    """

    def __init__(self, settings: Settings, database: Database, member: str, embedder: Embedder) -> None:
        handler = RetrievalHandler()
        self._database = database
        self._embedder = embedder
        self._sentences_due = 0.0
        self._consumer = Consumer(database, _source(settings, database, handler, member), handler)

    @property
    def figures(self) -> Figures:
        """How it fares as a consumer."""
        return self._consumer.figures

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the index until `stop` is set."""
        helpers = [
            asyncio.create_task(work)
            for work in (self._keep_metrics(), repeat(self._index, stop, log), repeat(self._embed, stop, log))
        ]
        try:
            await self._consumer.run(stop)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._embedder.close()

    async def index_one(self) -> bool:
        """Bring the course in step that has been due the longest. Returns whether there was one."""
        async with self._database.transaction(None) as connection:
            request = await requests.take(connection)
        if request is None:
            return False
        if request.attempts > 1:
            log.warning("indexing again", course_id=str(request.course_id), attempt=request.attempts)
        indexed = await bring_in_step(self._database, request.course_id)
        async with self._database.transaction(None) as connection:
            await requests.done(connection, request)
        log.info("indexed", course_id=str(request.course_id), versions=indexed)
        return True

    async def embed_some(self) -> bool:
        """Embed a few passages; where none waits, the sentences of a few. Returns whether there was anything to do."""
        if await embed_some(self._database, self._embedder):
            self._sentences_due = 0.0
            return True
        if time.monotonic() < self._sentences_due:
            return False
        if await embed_sentences(self._database, self._embedder):
            return True
        self._sentences_due = time.monotonic() + _SENTENCES_IDLE_SECONDS
        return False

    async def _index(self) -> float:
        return 0.0 if await self.index_one() else _IDLE_SECONDS

    async def _embed(self) -> float:
        try:
            return 0.0 if await self.embed_some() else _IDLE_SECONDS
        except EmbeddingUnavailable as error:
            log.warning("passages are found by words alone", cause=error.detail)
            return _GIVEN_UP_SECONDS

    async def _keep_metrics(self) -> None:
        member = Member(requests.CONSUMER)
        while True:
            member.observe(self.figures)
            await asyncio.sleep(_METRICS_SECONDS)


def _source(settings: Settings, database: Database, handler: RetrievalHandler, member: str) -> Source:
    if settings.kafka_bootstrap_servers is None:
        return OutboxSource(database, consumer=handler.consumer, topics=handler.topics, member=member)
    return KafkaSource(settings, database, consumer=handler.consumer, topics=handler.topics, member=member)
