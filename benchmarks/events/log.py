"""Appending to the log at a pace, and watching a consumer follow."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

import asyncpg
import psutil

from benchmarks.events.world import Row
from benchmarks.load import cpu_of
from benchmarks.target import Target

_AGGREGATOR = "ray::AnalyticsAggregator"
_ROWS_AT_ONCE = 1_000
_TICK_SECONDS = 0.02
_SAMPLE_SECONDS = 0.25
_CATCH_UP_SECONDS = 240
# As the services append, from one connection.
_APPEND = """
insert into outbox (xid, id, org_id, topic, key, partition, event)
select (select event_xid()), e.id, $1, e.topic, e.key, e.hash % (select l.partitions from event_log l), e.event::jsonb
  from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[])
       with ordinality as e (id, topic, key, hash, event, place)
 order by e.place
"""


async def append(connection: asyncpg.Connection, org_id: object, rows: Sequence[Row]) -> None:
    """One transaction."""
    await connection.execute(_APPEND, org_id, *map(list, zip(*_in_order(rows), strict=True)))


def _in_order(rows: Sequence[Row]) -> Iterator[tuple[object, ...]]:
    return ((row.id, row.topic, row.key, row.hash, row.envelope) for row in rows)


@dataclass
class Appended:
    """When how many events had been appended, by the clock of `monotonic`."""

    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def add(self, count: int) -> None:
        """So many more, just now."""
        self.times.append(monotonic())
        self.counts.append(self.total + count)

    @property
    def total(self) -> int:
        """All of them."""
        return self.counts[-1] if self.counts else 0

    def lag_seconds(self, at: float, taken: int) -> float:
        """How long the oldest of those that were not taken at a time had waited; 0 where all were."""
        place = bisect_right(self.counts, taken)
        return max(0.0, at - self.times[place]) if place < len(self.times) else 0.0


async def append_evenly(
    connection: asyncpg.Connection, org_id: object, rows: Iterator[Row], rate: float, into: Appended
) -> None:
    """At `rate` events/s, in transactions that are as small as it allows, until there are no more rows."""
    began = monotonic()
    while True:
        due = int((monotonic() - began) * rate) - into.total
        if due > 0:
            batch = list(islice(rows, min(due, _ROWS_AT_ONCE)))
            if not batch:
                return
            await append(connection, org_id, batch)
            into.add(len(batch))
        else:
            await asyncio.sleep(_TICK_SECONDS)


async def append_all(connection: asyncpg.Connection, org_id: object, rows: Iterable[Row], into: Appended) -> None:
    """As fast as one connection can."""
    rest = iter(rows)
    while batch := list(islice(rest, _ROWS_AT_ONCE)):
        await append(connection, org_id, batch)
        into.add(len(batch))


@dataclass(frozen=True, slots=True)
class Sample:
    """How many events had been taken at a time."""

    at: float
    taken: int


class Follower:
    """The consumer "analytics", watched over a connection of its own."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.samples: list[Sample] = []

    async def taken(self) -> int:
        """How many events it has taken in its life."""
        found: int = await self._connection.fetchval(
            "select coalesce(sum(entries), 0)::bigint from event_positions where consumer = 'analytics'"
        )
        return found

    async def settled(self) -> int:
        """Wait until it has taken all there is; how many that is."""
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            while True:
                taken = await self.taken()
                if taken >= await self._connection.fetchval("select count(*) from outbox"):
                    return taken
                await asyncio.sleep(_SAMPLE_SECONDS)

    async def watch(self, wanted: Callable[[], int | None], start: int) -> None:
        """Take samples, counted from `start` on, until as many were taken as `wanted` says once it knows."""
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            while True:
                self.samples.append(Sample(monotonic(), await self.taken() - start))
                goal = wanted()
                if goal is not None and self.samples[-1].taken >= goal:
                    return
                await asyncio.sleep(_SAMPLE_SECONDS)


class Processes:
    """The aggregator and PostgreSQL: the CPU time they have used, and the aggregator's memory."""

    def __init__(self, place: Target, without: Sequence[int]) -> None:
        """`without`: PostgreSQL's processes that serve the benchmark itself."""
        platform = psutil.Process(place.pid)
        self._postgres = cpu_of(p.pid for p in platform.children() if p.name() == "postgres")
        self._without = cpu_of(without)
        self.aggregator = _aggregator(platform)
        self._aggregator = cpu_of([self.aggregator.pid])

    def cpu_seconds(self) -> tuple[float, float]:
        """Of the aggregator, and of PostgreSQL."""
        return self._aggregator(), self._postgres() - self._without()

    def peak_mib(self) -> float:
        """The most memory that the aggregator has had so far, resident (VmHWM)."""
        with open(f"/proc/{self.aggregator.pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024


def _aggregator(platform: psutil.Process) -> psutil.Process:
    found = [p for p in platform.children(recursive=True) if " ".join(p.cmdline()[:1]).startswith(_AGGREGATOR)]
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} aggregators, where there should be one")
    return found[0]
