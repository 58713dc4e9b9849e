"""How far a consumer has come, stored in the transaction of the effect."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from stores.event_log.types import Position, Share
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "positions.sql")


class Stored(NamedTuple):
    """Everything up to `position` is taken; `kafka_offset` is the next to read, where the log is read from Kafka."""

    position: Position
    kafka_offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A consumer's way forward in one share; `last_time` is that of the last event."""

    share: Share
    position: Position
    kafka_offset: int | None
    entries: int
    last_time: datetime | None


async def load(connection: Connection, consumer: str, partitions: Collection[int]) -> dict[Share, Stored]:
    """The positions in all topics of `partitions`; shares that nothing was taken of are absent.

    They are the last word only in a transaction that has advanced the claims.
    """
    rows = _queries.load(connection, consumer=consumer, partitions=sorted(partitions))
    return {
        (row["topic"], row["partition"]): Stored(Position(row["xid"], row["seq"]), row["kafka_offset"])
        async for row in rows
    }


async def store(connection: Connection, consumer: str, steps: Sequence[Step]) -> None:
    """Go forward, in a transaction that has advanced the claims."""
    await _queries.store(
        connection,
        consumer=consumer,
        topics=[step.share[0] for step in steps],
        partitions=[step.share[1] for step in steps],
        xids=[str(step.position.xid) for step in steps],
        seqs=[step.position.seq for step in steps],
        kafka_offsets=[step.kafka_offset for step in steps],
        entries=[step.entries for step in steps],
        last_times=[step.last_time for step in steps],
    )
