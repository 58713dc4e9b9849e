"""A log of a test's own: a topic nobody else writes, consumers nobody else is, and effects that can be counted."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from configs.settings import Settings
from stores.event_log.consumer import Consumer
from stores.event_log.outbox import OutboxSource
from stores.event_log.types import Batch
from stores.events.reading import Recorded
from stores.ids import new_id
from stores.postgres import Connection, Database
from tests.patience import PATIENCE_SECONDS

PARTITIONS = 4
NO_WAIT = timedelta(0)
_INSERT = "insert into outbox (id, org_id, topic, key, partition, event) values ($1, $2, $3, $4, $5, $6)"


def envelope(subject: str, org_id: UUID, **changes: Any) -> dict[str, Any]:
    """A valid event about `subject`, with what is to differ."""
    return {
        "specversion": "1.0",
        "id": str(new_id()),
        "type": "azora.course.deleted.v1",
        "source": "/courses",
        "subject": subject,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": "k",
        "orgid": str(org_id),
        "data": {"course_id": str(new_id())},
    } | changes


@dataclass
class Log:
    """A topic of the outbox, and the effects of its consumers in table `test_effects`."""

    settings: Settings
    database: Database  # azora_system
    org_id: UUID
    topic: str = field(default_factory=lambda: f"test-{new_id().hex[-12:]}")

    async def write(self, connection: Connection, subject: str, partition: int = 0, **changes: Any) -> None:
        """One event, in the caller's transaction."""
        body = envelope(subject, self.org_id, **changes)
        await connection.execute(_INSERT, new_id(), self.org_id, self.topic, "k", partition, body)

    async def append(self, subjects: Sequence[str], partition: int = 0, **changes: Any) -> None:
        """Events in a transaction of their own."""
        async with self.database.transaction(None) as connection:
            for subject in subjects:
                await self.write(connection, subject, partition, **changes)

    async def fill(self, count: int, partitions: int = PARTITIONS) -> None:
        """Many events at once, spread over partitions; subjects `0`, `1` …"""
        body = envelope("", self.org_id)
        async with self.database.transaction(None) as connection:
            await connection.execute(
                "insert into outbox (id, org_id, topic, key, partition, event)"
                " select id, $1, $2, 'k', n % $3, $4::jsonb || jsonb_build_object('id', id, 'subject', n::text)"
                "   from (select uuidv7() as id, n from generate_series(0, $5::integer - 1) as n) as made",
                self.org_id, self.topic, partitions, body, count,
            )  # fmt: skip

    async def fetch(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Rows, as the system sees them."""
        async with self.database.transaction(None) as connection:
            return [dict(row) for row in await connection.fetch(sql, *values)]

    async def execute_as_owner(self, sql: str) -> None:
        """A statement as whoever owns the schema."""
        assert self.settings.database_url is not None
        owner = await asyncpg.connect(self.settings.database_url.get_secret_value())
        await owner.execute(sql)
        await owner.close()

    async def effects(self, consumer: str) -> list[str]:
        """The subjects of the events that took effect, in order of effect."""
        sql = "select subject from test_effects where consumer = $1 order by number"
        return [row["subject"] for row in await self.fetch(sql, consumer)]

    async def entries_taken(self, consumer: str) -> int:
        sql = "select coalesce(sum(entries), 0)::bigint as taken from event_positions where consumer = $1"
        [row] = await self.fetch(sql, consumer)
        return int(row["taken"])

    def source(self, consumer: str, member: str = "m", **options: Any) -> OutboxSource:
        return OutboxSource(self.database, consumer=consumer, topics=[self.topic], member=member, **options)

    def consumer(self, handler: Ledger, member: str = "m", *, limit: int = 5_000, **options: Any) -> Consumer:
        """A member; `options` are the source's."""
        return Consumer(self.database, self.source(handler.consumer, member, **options), handler, limit=limit)


@dataclass
class Ledger:
    """A handler that writes down every event's effect, and remembers versions as a cache would."""

    log: Log
    consumer: str = field(default_factory=lambda: f"test-{new_id().hex[-12:]}")
    refuse: Callable[[Recorded], None] = lambda event: None
    handled: list[Batch] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)

    @property
    def topics(self) -> frozenset[str]:
        return frozenset({self.log.topic})

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        for batch in batches:
            assert batch.version >= self.versions.get(batch.partition, 0)
            self.versions[batch.partition] = batch.version
            for event in batch.events:
                self.refuse(event)
            await connection.execute(
                "insert into test_effects (consumer, partition, subject) select $1, $2, s from unnest($3::text[]) as s",
                self.consumer, batch.partition, [event.subject for event in batch.events],
            )  # fmt: skip
        self.handled += batches

    def forget(self, partitions: Collection[int]) -> None:
        self.forgotten += partitions
        for partition in partitions:
            self.versions.pop(partition, None)


async def drain(consumer: Consumer) -> int:
    """Rounds until nothing comes; how many entries there were."""
    total = 0
    while True:
        taken = await consumer.turn(NO_WAIT)
        total += taken
        if not taken:
            return total


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncIterator[asyncio.Task[None]]:
    """The consumer at work in the background, until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(consumer.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await task


async def eventually(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until an awaitable condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.05)


def twice(subjects: Sequence[str]) -> list[str]:
    """Those that took effect more than once."""
    return [subject for subject, count in Counter(subjects).items() if count > 1]


def by_writer(subjects: Sequence[str]) -> dict[str, list[int]]:
    """`a/1`, `b/1`, `a/2` as `{a: [1, 2], b: [1]}`."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        writer, _, number = subject.partition("/")
        found[writer].append(int(number))
    return dict(found)
