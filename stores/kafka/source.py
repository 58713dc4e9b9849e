"""The log as Kafka has it: partitions dealt out by the consumer group, positions kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import structlog

from configs.settings import Settings
from stores.event_log import claims, positions
from stores.event_log.types import Claim, Entry, Share
from stores.kafka.errors import KafkaUnavailable
from stores.kafka.group import GroupMember
from stores.kafka.topics import ensure_topics
from stores.postgres import Database

log = structlog.get_logger("azora.kafka")


class KafkaSource:
    """A member of a consumer that reads Kafka, in the group `azora-<consumer>`. `database` is under `azora_system`.

    `member` names it among the consumer's members; whoever comes back under a name takes up that one's partitions.
    Kafka deals out the partitions, PostgreSQL has the last word: each deal seizes the claims, which fences former
    holders, and reading starts at the offsets stored with the effects. A consumer that has none, because it used to
    read the outbox or is new, starts with the earliest message; what it had taken already is known by its position.
    Events of other `names` (`names_of`; None: all are wanted) are passed over.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        consumer: str,
        topics: Collection[str],
        member: str,
        names: frozenset[str] | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._consumer = consumer
        self._topics = sorted(topics)
        self._member = member
        group = f"{settings.kafka_topic_prefix}azora-{consumer}"
        self._group = GroupMember(settings, group, member, topics, names)
        self._claims: dict[int, Claim] = {}
        self._settled_deal: int | None = None
        self._beyond_retention: set[Share] = set()
        self._is_prepared = False

    async def claims(self) -> Mapping[int, Claim]:
        """See `Source.claims`. Raises `TopicMismatch` where the topics do not fit."""
        if not self._is_prepared:
            await self._prepare()
        if self._settled_deal is None or not self._claims:
            await self._group.attend()
        if self._settled_deal != self._group.deal:
            await self._settle()
        return self._claims

    async def poll(self, limit: int, wait: timedelta) -> Sequence[Entry]:
        """See `Source.poll`. While Kafka is away nothing comes."""
        if self._settled_deal is None:
            return []
        try:
            read = await self._group.read(limit, wait.total_seconds())
        except BaseException:
            await self.rewind()  # what came is lost to the caller, who would go on behind it
            raise
        for share in read.out_of_range:
            await self._tell_loss(share)
        if read.out_of_range:
            self._beyond_retention |= read.out_of_range
            await self.rewind()
        return read.entries

    async def rewind(self) -> None:
        """See `Source.rewind`. The claims are seized anew, as after a deal."""
        self._settled_deal = None
        self._is_prepared = False

    async def close(self) -> None:
        """See `Source.close`."""
        held, self._claims, self._settled_deal = self._claims, {}, None
        await self._group.leave()
        async with self._database.transaction(None) as connection:
            await claims.assign(connection, self._consumer, None, held.values())

    async def _prepare(self) -> None:
        await ensure_topics(self._settings, self._database)
        async with self._database.transaction(None) as connection:
            await claims.register(connection, self._consumer, self._topics)
        self._is_prepared = True

    async def _settle(self) -> None:
        deal, partitions = self._group.deal, self._group.partitions
        async with self._database.transaction(None) as connection:
            seized = await claims.seize(connection, self._consumer, self._member, partitions)
            stored = await positions.load(connection, self._consumer, partitions)
        offsets = {(topic, number): None for topic in self._topics for number in partitions} | {
            share: place.kafka_offset
            for share, place in stored.items()
            if share[0] in self._topics and share not in self._beyond_retention
        }
        if offsets:
            await self._group.start(offsets)
        self._beyond_retention.clear()
        self._claims, self._settled_deal = seized, deal

    async def _tell_loss(self, share: Share) -> None:
        async with self._database.transaction(None, readonly=True) as connection:
            stored = (await positions.load(connection, self._consumer, [share[1]])).get(share)
        wanted = stored.kafka_offset if stored else None
        told = {"consumer": self._consumer, "topic": share[0], "partition": share[1], "offset": wanted}
        try:
            first, end = await self._group.range(share)
        except KafkaUnavailable:
            log.error("events lost: Kafka no longer has the next offset; reading on from the earliest", **told)
            return
        lost = max(0, first - wanted) if wanted is not None else None
        log.error(
            "events lost: Kafka no longer has the next offset; reading on from the earliest",
            lost=lost, earliest=first, end=end, **told,
        )  # fmt: skip
