"""How far consumers are behind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from stores.event_log.planning import walk_the_index
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "lag.sql")
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What a consumer has yet to take of one share: `entries` (counted up to a limit), the oldest of which
    was written `seconds` ago. `taken` counts what it has taken so far; `last_time` is that of the last event."""

    consumer: str
    topic: str
    partition: int
    owner: str | None
    taken: int
    last_time: datetime | None
    entries: int
    seconds: float


async def measure(
    connection: Connection,
    *,
    consumer: str | None = None,
    partitions: Collection[int] | None = None,
    most_counted: int = MOST_COUNTED,
) -> list[Lag]:
    """The lag of one consumer or all, in some partitions or all, sorted by consumer, topic and partition."""
    await walk_the_index(connection)
    numbers = None if partitions is None else sorted(partitions)
    rows = _queries.lag(connection, consumer=consumer, partitions=numbers, limit=most_counted)
    found = [Lag(**row) async for row in rows]
    return sorted(found, key=lambda lag: (lag.consumer, lag.topic, lag.partition))
