"""The one who keeps what learners know in step: listens for results, and traces whole courses anew. No Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import structlog

from actors.learner_model.reading import Reader
from actors.learner_model.tracing import trace_enrolments
from actors.repeating import repeat
from configs.settings import Settings
from stores.event_log.consumer import Consumer, Figures
from stores.event_log.outbox import OutboxSource
from stores.event_log.types import Batch, Source
from stores.events import names_of
from stores.events.enrollment_events import (
    AboutEnrollment,
    EnrollmentUpgraded,
    QuizAttempted,
    SeatAwaited,
    SeatGiven,
    SubmissionGraded,
)
from stores.events.reading import Recorded
from stores.kafka.source import KafkaSource
from stores.metrics.event_log import Member
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__)
log = structlog.get_logger("azora.learner_model")

CONSUMER = "mastery"
_EVENTS_AT_ONCE = 500
_ENROLMENTS_AT_ONCE = 100
_METRICS_SECONDS = 1.0
_IDLE_SECONDS = 1.0
_FIRST = UUID(int=0)
_RESULTS = (QuizAttempted, SubmissionGraded)
_MOVES = (SeatGiven, SeatAwaited, EnrollmentUpgraded)  # maybe to another version, whose skills are others


class MasteryHandler:
    """What the consumer "mastery" does with events: traces enrolments that have new results, and those with results
    that are on another version now. A `stores.event_log.types.Handler`.

    What is known is read off the results, in the transaction that advances the positions, so an event that comes twice
    or late changes nothing that is right already.
    """

    consumer = CONSUMER
    topics = frozenset({"enrollment_events"})

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        """See `Handler.handle`."""
        events = [event for batch in batches for event in batch.events]
        ids = _enrolments(events, _RESULTS)
        if moved := _enrolments(events, _MOVES) - ids:
            ids |= {row["id"] async for row in _queries.on_another_version(connection, ids=sorted(moved))}
        if ids:
            await trace_enrolments(connection, self._reader, ids)

    def forget(self, partitions: Collection[int]) -> None:
        """See `Handler.forget`. Only what never changes is remembered."""


class LearnerModelMember:
    """`database` is under `azora_system`. May be killed at any time: what is to be done is in the database."""

    def __init__(self, settings: Settings, database: Database, member: str) -> None:
        self._database = database
        self._reader = Reader()
        handler = MasteryHandler(self._reader)
        source = _source(settings, database, handler, member)
        self._consumer = Consumer(database, source, handler, limit=_EVENTS_AT_ONCE)

    @property
    def figures(self) -> Figures:
        """How it fares as a consumer."""
        return self._consumer.figures

    async def run(self, stop: asyncio.Event) -> None:
        """Keep learners in step until `stop` is set."""
        helpers = [asyncio.create_task(self._keep_metrics()), asyncio.create_task(repeat(self._next_course, stop, log))]
        try:
            await self._consumer.run(stop)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def trace_course(self) -> bool:
        """Trace the learners of the course that has been due the longest. Returns whether there was one."""
        async with self._database.transaction(None) as connection:
            request = await _queries.take(connection)
        if request is None:
            return False
        after, traced = _FIRST, 0
        while ids := await self._some(request["course_id"], after):
            async with self._database.transaction(None) as connection:
                traced += await trace_enrolments(connection, self._reader, ids)
            after = ids[-1]
        async with self._database.transaction(None) as connection:
            await _queries.done(connection, course_id=request["course_id"], requested_at=request["requested_at"])
        log.info("traced anew", course_id=str(request["course_id"]), learners=traced)
        return True

    async def _some(self, course_id: UUID, after: UUID) -> list[UUID]:
        async with self._database.transaction(None, readonly=True) as connection:
            rows = _queries.enrollments_with_results(
                connection, course_id=course_id, after=after, limit=_ENROLMENTS_AT_ONCE
            )
            return [row["id"] async for row in rows]

    async def _next_course(self) -> float:
        return 0.0 if await self.trace_course() else _IDLE_SECONDS

    async def _keep_metrics(self) -> None:
        member = Member(CONSUMER)
        while True:
            member.observe(self.figures)
            await asyncio.sleep(_METRICS_SECONDS)


def _enrolments(events: Iterable[Recorded], kinds: tuple[type[AboutEnrollment], ...]) -> set[UUID]:
    return {event.data.enrollment_id for event in events if isinstance(event.data, kinds)}


def _source(settings: Settings, database: Database, handler: MasteryHandler, member: str) -> Source:
    # Learners do much that says nothing of what they know.
    consumer, topics, names = handler.consumer, handler.topics, names_of(*_RESULTS, *_MOVES)
    if settings.kafka_bootstrap_servers is None:
        return OutboxSource(database, consumer=consumer, topics=topics, member=member, names=names)
    return KafkaSource(settings, database, consumer=consumer, topics=topics, member=member, names=names)
