"""Shipping the outbox to Kafka.

Kafka's transaction is committed before the positions are. Whoever dies between the two leaves messages that the next
one sends again, with the same positions, by which readers know them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson

from configs.settings import Settings
from stores.event_log import claims, dead_letters, positions
from stores.event_log.consumer import Member
from stores.event_log.digestion import Fault, Item, Rejected
from stores.event_log.flushing import Outcome
from stores.event_log.outbox import OutboxSource
from stores.event_log.positions import Step
from stores.event_log.types import Claim, Entry
from stores.events import TOPICS
from stores.kafka.errors import Refused
from stores.kafka.producing import ClaimProducer
from stores.kafka.topics import ensure_topics
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "relay.sql")

CONSUMER = "kafka-relay"
_AT_ONCE = 2_000
_THREADS = 8
# A round waits for Kafka this long at most, and is heard of only between rounds.
_STALE_AFTER = timedelta(seconds=20)

T = TypeVar("T")


class Shipper:
    """A `Taker` that takes entries to Kafka, with one producer for each claim it has used."""

    consumer = CONSUMER

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix=CONSUMER)
        self._producers: dict[int, ClaimProducer] = {}
        self._preparing = asyncio.Lock()
        self._topic_partitions = 0

    def forget(self, partitions: Collection[int]) -> None:
        """Drop the producers of partitions: the next one to write there ends what they have begun."""
        for partition in partitions:
            if (producer := self._producers.pop(partition, None)) is not None:
                self._threads.submit(producer.drop)
                self._topic_partitions = 0  # perhaps the topics were the matter

    def digest(self, entry: Entry) -> Item:
        """See `Taker.digest`. What an entry says is for its readers."""
        return Item(entry, None)

    async def flush(self, items: Sequence[Item], held: Mapping[int, Claim]) -> Outcome:
        """See `Taker.flush`. What Kafka refuses for good is set aside."""
        entries = [item.entry for item in items]
        parts = _by_partition(entries)
        # Not inside a transaction of PostgreSQL's: while one is open, readers of the outbox see nothing newer.
        rejected = await self._ship_all({held[partition]: part for partition, part in parts.items()})
        async with self._database.transaction(None) as connection:
            await claims.advance(connection, CONSUMER, [held[partition] for partition in parts])
            await dead_letters.keep(connection, CONSUMER, rejected)
            await positions.store(connection, CONSUMER, _steps(entries))
        return Outcome(len(entries) - len(rejected), 0, len(rejected))

    async def replay(self, held: Collection[Claim], limit: int) -> Outcome:
        """See `Taker.replay`. Letters go back to the end of the log, from where they are shipped as any other entry:
        readers have gone past the positions that they had.
        """
        async with self._database.transaction(None) as connection:
            versions = await claims.advance(connection, CONSUMER, held)
            letters = await dead_letters.lock_waiting(connection, CONSUMER, versions, limit)
            bodies = [orjson.loads(letter.body) for letter in letters]
            await _queries.append_again(
                connection,
                ids=[letter.event_id for letter in letters],
                org_ids=[letter.org_id for letter in letters],
                topics=[letter.topic for letter in letters],
                keys=[body["partitionkey"] for body in bodies],
                partitions=[letter.partition for letter in letters],
                events=bodies,
            )
            await dead_letters.settle(connection, [letter.id for letter in letters], {})
        return Outcome(len(letters), 0, 0)

    async def _ship_all(self, parts: Mapping[Claim, Sequence[Entry]]) -> list[Rejected]:
        outcomes = await asyncio.gather(
            *(self._ship(claim, part) for claim, part in parts.items()), return_exceptions=True
        )
        rejected: list[Rejected] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            rejected += outcome
        return rejected

    async def _ship(self, claim: Claim, entries: Sequence[Entry]) -> list[Rejected]:
        """Write a partition's entries; those that Kafka refuses are found by halving."""
        producer = await self._producer(claim)
        try:
            await self._in_thread(lambda: producer.send(entries))
        except Refused as error:
            self.forget([claim.partition])
            if len(entries) == 1:
                return [Rejected(Item(entries[0], None), Fault("refused-by-kafka", error.detail))]
        else:
            return []
        middle = len(entries) // 2
        first = await self._ship(claim, entries[:middle])
        return first + await self._ship(claim, entries[middle:])

    async def _producer(self, claim: Claim) -> ClaimProducer:
        found = self._producers.get(claim.partition)
        if found is None or found.claim != claim:
            self.forget([claim.partition])
            async with self._preparing:
                if claim.partition >= self._topic_partitions:
                    self._topic_partitions = await ensure_topics(self._settings, self._database)
            found = await self._in_thread(lambda: ClaimProducer(self._settings, claim))
            self._producers[claim.partition] = found
        return found

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def relay(settings: Settings, database: Database, member: str) -> Member:
    """A member of the relay, named `member` among them. `database` is under `azora_system`."""
    source = OutboxSource(database, consumer=CONSUMER, topics=TOPICS, member=member, stale_after=_STALE_AFTER)
    return Member(database, source, Shipper(settings, database), limit=_AT_ONCE)


def _by_partition(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    parts: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        parts[entry.partition].append(entry)
    return parts


def _steps(entries: Sequence[Entry]) -> list[Step]:
    last = {entry.share: entry for entry in entries}
    counts = Counter(entry.share for entry in entries)
    return [
        Step(
            share=share,
            position=entry.position,
            kafka_offset=None,
            entries=counts[share],
            last_time=_time(entry.body),
        )
        for share, entry in sorted(last.items())
    ]


def _time(body: Mapping[str, Any] | bytes) -> datetime | None:
    try:
        found = datetime.fromisoformat(body["time"]) if isinstance(body, Mapping) else None
    except (KeyError, TypeError, ValueError):
        return None
    return found if found is not None and found.tzinfo is not None else None
