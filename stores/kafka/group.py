"""A member of a Kafka consumer group, driven from a thread of its own: the client blocks, the event loop must not."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic, sleep
from typing import Any, NamedTuple, TypeVar

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from configs.settings import Settings
from stores.event_log.claims import Fenced
from stores.event_log.types import Entry, Share
from stores.kafka.connection import ANSWER_SECONDS, client_configuration, topic_name
from stores.kafka.errors import kafka_translated
from stores.kafka.looks import Looks, Place
from stores.kafka.messages import entry_of
from stores.kafka.patience import Patience

log = structlog.get_logger("azora.kafka")

# Who is killed and restarted within this time keeps its partitions, and nobody else notices.
_SESSION_MS = 10_000
_HEARTBEAT_MS = 1_000
# A member that does not come round in this time loses its partitions, and a new deal waits for it no longer.
_ROUND_MS = 15_000
_FAREWELL_SECONDS = 0.5
_BARRED_SECONDS = 30.0
_FETCH_WAIT_MS = 100
# What is fetched ahead takes memory, of every member of every consumer; so does each answer while it is unpacked, and
# events are compressed to a fifth or less.
_FETCHED_AHEAD_KIB = 8 * 1024
_FETCHED_AT_ONCE_BYTES = 1024 * 1024
_OF_A_PARTITION_BYTES = 64 * 1024
_UNPACKED_AT_ONCE = 500
_WAITING_OF_A_PARTITION = 1_000
_FETCH_AGAIN_MS = 20  # after there was enough; by default it is a second, in which what was enough is gone
_STATISTICS_MS = 2_000
_REPORT_SECONDS = 5.0
# One broker of several is away, or slow: the client sees to it.
_PASSING = {KafkaError._TRANSPORT, KafkaError._TIMED_OUT}

T = TypeVar("T")


class Read(NamedTuple):
    """What came, in order per share, and the shares whose next offset the broker does not have."""

    entries: list[Entry]
    out_of_range: set[Share]


class GroupMember:
    """Joins `group` under `name` at its first use and reads those partitions that it is dealt of every topic; events of
    other `names` (None: all are wanted) for their positions only.

    The membership is a static one: who comes back under a name takes up what that one had. Nothing is read of a new
    deal until `start` says from where. To be used by one task at a time. Its methods raise `Fenced` once another
    process has joined under the name, after which it stays out for half a minute, and `KafkaUnavailable`; a broker that
    is away shows in nothing coming, and is logged once.
    """

    def __init__(
        self,
        settings: Settings,
        group: str,
        name: str,
        topics: Collection[str],
        names: frozenset[str] | None = None,
    ) -> None:
        self._settings = settings
        self._group = group
        self._name = name
        self._names = names
        self._topics = {topic_name(settings, topic): topic for topic in sorted(topics)}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=group)
        self._consumer: Any = None
        self._dealt: frozenset[Share] = frozenset()
        self._deals = 0
        self._returned: dict[Share, int] = {}
        self._report_at = 0.0
        self._troubles: set[int] = set()
        self._is_broken = False
        self._barred_until = 0.0
        self._patience = Patience()
        self._looks: Looks | None = None
        self._starts: dict[Place, int] = {}

    @property
    def deal(self) -> int:
        """Counts the times that partitions were dealt or withdrawn."""
        return self._deals

    @property
    def partitions(self) -> frozenset[int]:
        """Those dealt to this member in every topic."""
        topics: defaultdict[int, set[str]] = defaultdict(set)
        for topic, partition in self._dealt:
            topics[partition].add(topic)
        return frozenset(partition for partition, found in topics.items() if len(found) == len(self._topics))

    async def attend(self) -> None:
        """Take part in the group without reading. To be followed by `start` before the next `read`."""
        await self._in_thread(self._attend)

    async def start(self, offsets: Mapping[Share, int | None]) -> None:
        """Read these shares and no others, from these offsets on, from the earliest one where there is none.

        What was fetched before is dropped.
        """
        await self._in_thread(lambda: self._start(offsets))

    async def read(self, limit: int, wait_seconds: float) -> Read:
        """The next entries; waits for the first. What earlier reads returned is reported as taken, now and then."""
        return await self._in_thread(lambda: self._read(limit, wait_seconds))

    async def range(self, share: Share) -> tuple[int, int]:
        """The first offset that the broker has of a share, and the one after the last."""
        asked = self._partition(share)
        found: tuple[int, int] = await self._in_thread(
            lambda: self._consumer.get_watermark_offsets(asked, timeout=ANSWER_SECONDS)
        )
        return found

    async def leave(self) -> None:
        """Leave the group; the others are dealt its partitions at once. It cannot be used again."""
        await self._in_thread(self._leave)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        with kafka_translated():
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # Below here runs in the thread.

    def _attend(self) -> None:
        if self._consumer is None and monotonic() >= self._barred_until:
            self._join()
        if self._consumer is None:
            return
        message = self._consumer.poll(0)
        if message is not None and message.error() and message.error().code() != KafkaError._AUTO_OFFSET_RESET:
            self._trouble(message.error())
        self._give_up_if_broken()

    def _give_up_if_broken(self) -> None:
        # The client is of no more use then. One under the same name that is alive would be fenced by our coming back.
        if self._is_broken:
            self._is_broken, self._barred_until = False, monotonic() + _BARRED_SECONDS
            self._on_withdrawn(self._consumer, [])
            self._returned.clear()
            self._consumer.close()
            self._consumer = None
            log.error("another process is this member", group=self._group, member=self._name)
            raise Fenced(f"{self._group}: another process is the member {self._name}")

    def _join(self) -> None:
        consumer = Consumer(
            client_configuration(self._settings, self._group)
            | {
                "group.id": self._group,
                "group.instance.id": self._name,
                # Gives a member the same partitions of every topic, where all have the same number.
                "partition.assignment.strategy": "range",
                "session.timeout.ms": _SESSION_MS,
                "heartbeat.interval.ms": _HEARTBEAT_MS,
                "max.poll.interval.ms": _ROUND_MS,
                "fetch.wait.max.ms": _FETCH_WAIT_MS,
                "queued.max.messages.kbytes": _FETCHED_AHEAD_KIB,
                "queued.min.messages": _WAITING_OF_A_PARTITION,
                "fetch.queue.backoff.ms": _FETCH_AGAIN_MS,
                "fetch.max.bytes": _FETCHED_AT_ONCE_BYTES,
                "max.partition.fetch.bytes": _OF_A_PARTITION_BYTES,
                "statistics.interval.ms": _STATISTICS_MS,
                "stats_cb": self._patience.observe,
                # What a relay did not get to commit are events all the same, and known by their positions when they
                # come again. So an open transaction holds nobody up.
                "isolation.level": "read_uncommitted",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "error_cb": self._trouble,
            }
        )
        consumer.subscribe(
            list(self._topics), on_assign=self._on_dealt, on_revoke=self._on_withdrawn, on_lost=self._on_withdrawn
        )
        self._consumer = consumer

    def _on_dealt(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        self._dealt = frozenset((self._topics[one.topic], one.partition) for one in partitions)
        self._deals += 1
        if apart := {partition for _, partition in self._dealt} - self.partitions:
            log.warning("dealt partitions of some topics only; not read", group=self._group, partitions=sorted(apart))
        self._end_looks()
        self._starts = {}
        consumer.assign([])  # nothing to be fetched before it is known from where

    def _on_withdrawn(self, _consumer: Any, _partitions: list[TopicPartition]) -> None:
        self._end_looks()
        self._starts = {}
        self._dealt = frozenset()
        self._deals += 1

    def _start(self, offsets: Mapping[Share, int | None]) -> None:
        self._returned.clear()
        self._end_looks()
        found = [self._partition(share, offset) for share, offset in offsets.items()]
        self._starts = {(one.topic, one.partition): max(one.offset, 0) for one in found}
        self._consumer.assign(found)
        self._look_where_needed()

    def _read(self, limit: int, wait_seconds: float) -> Read:
        if self._consumer is None:
            sleep(wait_seconds)
            return Read([], set())
        self._report()
        self._look_where_needed()
        found = Read([], set())
        batches = self._looks.batches if self._looks is not None else self._batches
        for messages in batches(limit, wait_seconds):
            self._unpack(messages, found)
        self._give_up_if_broken()
        if found.entries:
            self._recovered()
            self._returned |= {entry.share: entry.offset + 1 for entry in found.entries if entry.offset is not None}
        return found

    def _batches(self, limit: int, wait_seconds: float) -> Iterator[list[Message]]:
        # Asked for many, the client waits until it has them all: so for one, then for what else is there.
        message = self._consumer.poll(wait_seconds)
        messages = [message] if message is not None else []
        while messages:
            yield messages
            limit -= len(messages)
            messages = self._consumer.consume(min(_UNPACKED_AT_ONCE, limit), timeout=0) if limit > 0 else []

    def _look_where_needed(self) -> None:
        if self._patience.is_lacking and self._looks is None and self._starts:
            self._looks = Looks(self._consumer, self._starts, self._trouble)

    def _end_looks(self) -> None:
        if self._looks is not None:
            self._looks.end()
            self._looks = None

    def _unpack(self, messages: Collection[Message], into: Read) -> None:
        for message in messages:
            if (error := message.error()) is None:
                into.entries.append(entry_of(message, self._topics[message.topic()], self._names))
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                into.out_of_range.add(self._share(message))
            else:
                self._trouble(error)

    def _report(self) -> None:
        # For Kafka's own tools to show the lag; the truth is with the effects, in PostgreSQL.
        if self._returned and monotonic() >= self._report_at:
            self._report_at = monotonic() + _REPORT_SECONDS
            offsets = [self._partition(share, offset) for share, offset in self._returned.items()]
            with suppress(KafkaException):
                self._consumer.commit(offsets=offsets, asynchronous=True)

    def _leave(self) -> None:
        if self._consumer is None:
            return
        self._report_at = 0.0
        self._report()
        self._consumer.unsubscribe()  # to close it would not do: a static member is expected back
        deadline = monotonic() + _FAREWELL_SECONDS
        while monotonic() < deadline:
            self._consumer.poll(0.05)
        self._consumer.close()

    def _partition(self, share: Share, offset: int | None = None) -> TopicPartition:
        return TopicPartition(
            topic_name(self._settings, share[0]), share[1], OFFSET_BEGINNING if offset is None else offset
        )

    def _share(self, message: Message) -> Share:
        return self._topics[message.topic()], message.partition()

    def _trouble(self, error: KafkaError) -> None:
        if error.fatal() or error.code() == KafkaError._FATAL:
            self._is_broken = True
        elif error.code() not in _PASSING | self._troubles:
            self._troubles.add(error.code())
            log.warning("trouble with Kafka", group=self._group, code=error.name(), cause=error.str())

    def _recovered(self) -> None:
        if self._troubles:
            self._troubles.clear()
            log.info("Kafka answers again", group=self._group)
