"""An event log that travels through Kafka, and effects that can be counted."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from configs.settings import Settings
from stores.event_log.consumer import Consumer, Member
from stores.event_log.outbox import OutboxSource
from stores.event_log.types import Batch
from stores.events import TOPICS, partition_of
from stores.events.reading import Recorded
from stores.ids import new_id
from stores.kafka.connection import client_configuration, topic_name
from stores.kafka.relay import CONSUMER as RELAY
from stores.kafka.relay import relay
from stores.kafka.source import KafkaSource
from stores.postgres import Connection, Database
from tests.patience import PATIENCE_SECONDS

PARTITIONS = 4
READ = ("course_events", "enrollment_events")  # the topics that consumers of these tests read
_INSERT = (
    "insert into outbox (id, org_id, topic, key, partition, event)"
    " select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::jsonb[])"
)
# Whoever reads the outbox next begins at its end.
_FROM_HERE_ON = (
    "insert into event_positions (consumer, topic, partition, xid, seq)"
    " select distinct on (topic, partition) $1, topic, partition, xid, seq from outbox"
    " order by topic, partition, xid desc, seq desc"
)


@dataclass
class Log:
    """The outbox from here on, the topics of one prefix, and the effects of consumers in table `kafka_effects`."""

    settings: Settings
    database: Database  # azora_system
    org_id: UUID
    written: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        async with self.database.transaction(None) as connection:
            await connection.execute(
                "insert into organisations (id, slug, name, registration) values ($1, $2, 'Log', 'closed')",
                self.org_id, f"kafka-{self.org_id.hex[-12:]}",
            )  # fmt: skip
        await self.skip_to_the_end(RELAY)

    async def end(self) -> None:
        await self.fetch("delete from event_consumers where name = $1 or name like 'kafka-test-%'", RELAY)
        await self.fetch("delete from outbox where org_id = $1", self.org_id)
        await asyncio.to_thread(self._delete_topics)

    def _delete_topics(self) -> None:
        admin = AdminClient(client_configuration(self.settings, "test"))
        for deleted in admin.delete_topics([topic_name(self.settings, topic) for topic in TOPICS]).values():
            deleted.exception(10)

    async def skip_to_the_end(self, consumer: str) -> None:
        """Make a consumer known for which what is in the outbox lies behind."""
        async with self.database.transaction(None) as connection:
            await connection.execute("insert into event_consumers (name, topics) values ($1, '{}')", consumer)
            await connection.execute(_FROM_HERE_ON, consumer)

    async def append(self, count: int, keys: int = 20, **changes: Any) -> None:
        """Events `key/number` on the two topics, each key's in order; in one transaction."""
        first = len(self.written)
        names = [f"k{number % keys}/{number}" for number in range(first, first + count)]
        keyed = [name.partition("/")[0] for name in names]
        topics = [READ[int(key[1:]) % 2] for key in keyed]
        bodies = [self.envelope(name, key) | changes for name, key in zip(names, keyed, strict=True)]
        async with self.database.transaction(None) as connection:
            await connection.execute(
                _INSERT, [body["id"] for body in bodies], [self.org_id] * count, topics, keyed,
                [partition_of(key, PARTITIONS) for key in keyed], bodies,
            )  # fmt: skip
        self.written += names

    def envelope(self, subject: str, key: str) -> dict[str, Any]:
        """A valid event."""
        return {
            "specversion": "1.0",
            "id": str(new_id()),
            "type": "azora.course.deleted.v1",
            "source": "/courses",
            "subject": subject,
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "partitionkey": key,
            "orgid": str(self.org_id),
            "data": {"course_id": str(new_id())},
        }

    async def fetch(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Rows, as the system sees them."""
        async with self.database.transaction(None) as connection:
            return [dict(row) for row in await connection.fetch(sql, *values)]

    async def effects(self, consumer: str) -> list[str]:
        """The subjects of the events that took effect, in order of effect."""
        sql = "select subject from kafka_effects where consumer = $1 order by number"
        return [row["subject"] for row in await self.fetch(sql, consumer)]

    async def check(self, consumer: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Everything written has effect before the time is up: once, and in order per key."""

        async def complete() -> bool:
            return len(await self.effects(consumer)) >= len(self.written)

        await eventually(complete, seconds)
        found = await self.effects(consumer)
        assert [subject for subject, count in Counter(found).items() if count > 1] == []
        assert sorted(found) == sorted(self.written)
        assert by_key(found) == by_key(self.written)

    def relay(self, member: str = "relay") -> Member:
        return relay(self.settings, self.database, member)

    def consumer(self, handler: Ledger, member: str = "m", limit: int = 500, **options: Any) -> Consumer:
        """A member that reads Kafka; `options` are the source's."""
        source = KafkaSource(
            self.settings, self.database, consumer=handler.consumer, topics=handler.topics, member=member, **options
        )
        return Consumer(self.database, source, handler, limit=limit)

    def outbox_consumer(self, handler: Ledger, member: str = "m") -> Consumer:
        """A member that reads the outbox."""
        source = OutboxSource(self.database, consumer=handler.consumer, topics=handler.topics, member=member)
        return Consumer(self.database, source, handler)

    def messages(self, topic: str, isolation: str = "read_committed") -> list[Message]:
        """Everything that lies in a topic."""
        consumer = KafkaConsumer(
            client_configuration(self.settings, "test")
            | {"group.id": f"test-{new_id()}", "isolation.level": isolation, "enable.partition.eof": True}
        )
        name = topic_name(self.settings, topic)
        waiting = set(range(PARTITIONS))
        consumer.assign([TopicPartition(name, number, 0) for number in waiting])
        found = []
        while waiting:
            message = consumer.poll(10)
            assert message is not None, "Kafka does not answer"
            if message.error():
                waiting.discard(message.partition())
            else:
                found.append(message)
        consumer.close()
        return found

    def committed(self, consumer: str) -> dict[tuple[str, int], int]:
        """The offsets that Kafka has of a consumer's group."""
        group = f"{self.settings.kafka_topic_prefix}azora-{consumer}"
        asked = [TopicPartition(topic_name(self.settings, topic), n) for topic in READ for n in range(PARTITIONS)]
        reader = KafkaConsumer(client_configuration(self.settings, "test") | {"group.id": group})
        prefix = len(self.settings.kafka_topic_prefix)
        committed = reader.committed(asked, timeout=PATIENCE_SECONDS)
        found = {(one.topic[prefix:], one.partition): one.offset for one in committed}
        reader.close()
        return {share: offset for share, offset in found.items() if offset >= 0}

    def forget_the_beginning(self, topic: str) -> int:
        """Have Kafka drop a topic's first messages, as retention does; how many at most in one partition."""
        admin = AdminClient(client_configuration(self.settings, "test"))
        name = topic_name(self.settings, topic)
        lengths = Counter(message.partition() for message in self.messages(topic))
        asked = [TopicPartition(name, number, min(5, count)) for number, count in lengths.items()]
        return max(answer.result().low_watermark for answer in admin.delete_records(asked).values())

    def produce(self, topic: str, value: bytes, partition: int = 0) -> None:
        """A message that no relay wrote."""
        producer = Producer(client_configuration(self.settings, "test"))
        producer.produce(topic_name(self.settings, topic), value, partition=partition)
        assert producer.flush(10) == 0


@dataclass
class Ledger:
    """A handler that writes down every event's effect."""

    consumer: str = field(default_factory=lambda: f"kafka-test-{new_id().hex[-12:]}")
    refuse: Callable[[Recorded], None] = lambda event: None
    topics: frozenset[str] = frozenset(READ)

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        events = [event for batch in batches for event in batch.events]
        for event in events:
            self.refuse(event)
        await connection.execute(
            "insert into kafka_effects (consumer, subject) select $1, s from unnest($2::text[]) as s",
            self.consumer, [event.subject for event in events],
        )  # fmt: skip

    def forget(self, partitions: Collection[int]) -> None:
        pass


@asynccontextmanager
async def running(*members: Member) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Members at work in the background, until the block ends."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(member.run(stop)) for member in members]
    try:
        yield tasks
    finally:
        stop.set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def eventually(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until an awaitable condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def by_key(subjects: Sequence[str]) -> dict[str, list[int]]:
    """`a/1`, `b/1`, `a/2` as `{a: [1, 2], b: [1]}`."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        key, _, number = subject.partition("/")
        found[key].append(int(number))
    return dict(found)
