"""Events that a consumer could not digest, kept with the reason until they are replayed or discarded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import orjson

from stores.event_log.digestion import Rejected
from stores.event_log.types import Entry, Position
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "dead_letters.sql")
_TYPE_CHARACTERS = 128
_ANY_LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that a consumer has set aside. `body` is the envelope as JSON, or whatever stood in its place."""

    id: UUID
    consumer: str
    topic: str
    partition: int
    position: Position
    kafka_offset: int | None
    org_id: UUID | None
    event_id: UUID | None
    event_type: str | None
    body: bytes
    reason: str
    detail: str
    attempts: int
    failed_at: datetime
    replay_requested_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From a row of `event_dead_letters` with `xid_number`."""
        values = {name: row[name] for name in cls.__slots__ if name != "position"}
        return cls(position=Position(row["xid_number"], row["seq"]), **values)

    def entry(self) -> Entry:
        """As it stood in the log."""
        return Entry(self.topic, self.partition, self.position, self.kafka_offset, _parsed(self.body))


async def keep(connection: Connection, consumer: str, rejected: Sequence[Rejected]) -> None:
    """Set events aside, in the transaction that passes them."""
    if not rejected:
        return
    entries = [one.item.entry for one in rejected]
    envelopes = [entry.body if isinstance(entry.body, Mapping) else {} for entry in entries]
    await _queries.keep(
        connection,
        consumer=consumer,
        ids=[new_id() for _ in rejected],
        org_ids=[_uuid(envelope.get("orgid")) for envelope in envelopes],
        topics=[entry.topic for entry in entries],
        partitions=[entry.partition for entry in entries],
        xids=[str(entry.position.xid) for entry in entries],
        seqs=[entry.position.seq for entry in entries],
        kafka_offsets=[entry.offset for entry in entries],
        event_ids=[_uuid(envelope.get("id")) for envelope in envelopes],
        event_types=[_type(envelope.get("type")) for envelope in envelopes],
        bodies=[entry.body if isinstance(entry.body, bytes) else orjson.dumps(entry.body) for entry in entries],
        reasons=[one.fault.reason for one in rejected],
        details=[one.fault.detail for one in rejected],
    )


async def waiting(connection: Connection, consumer: str, partitions: Collection[int]) -> list[int]:
    """Those of `partitions` that have letters to replay."""
    rows = _queries.waiting(connection, consumer=consumer, partitions=list(partitions))
    return sorted([row["partition"] async for row in rows])


async def lock_waiting(
    connection: Connection, consumer: str, partitions: Collection[int], limit: int
) -> list[DeadLetter]:
    """Letters to replay, in the order of the log, locked for this transaction."""
    rows = _queries.lock_waiting(connection, consumer=consumer, partitions=list(partitions), limit=limit)
    return [DeadLetter.from_row(row) async for row in rows]


async def settle(connection: Connection, done: Collection[UUID], failed: Mapping[UUID, Rejected]) -> None:
    """After a replay: drop the letters that are done, and keep the reason why others failed again."""
    await _queries.delete(connection, ids=list(done))
    await _queries.fail_again(
        connection,
        ids=list(failed),
        reasons=[one.fault.reason for one in failed.values()],
        details=[one.fault.detail for one in failed.values()],
    )


async def find(
    connection: Connection,
    *,
    consumer: str | None = None,
    ids: Collection[UUID] | None = None,
    limit: int = _ANY_LIMIT,
) -> list[DeadLetter]:
    """The newest letters, of one consumer or of all, or those with `ids`."""
    rows = _queries.find(connection, consumer=consumer, ids=_list(ids), limit=limit)
    return [DeadLetter.from_row(row) async for row in rows]


async def request_replay(
    connection: Connection, *, consumer: str | None = None, ids: Collection[UUID] | None = None
) -> int:
    """Ask the consumer to try letters again; it does so within seconds. Returns how many were not asked for yet."""
    return int(await _queries.request_replay(connection, consumer=consumer, ids=_list(ids)))


async def discard(connection: Connection, *, consumer: str | None = None, ids: Collection[UUID] | None = None) -> int:
    """Delete letters for good. Returns how many there were."""
    return int(await _queries.discard(connection, consumer=consumer, ids=_list(ids)))


async def count(connection: Connection, consumer: str, partitions: Collection[int]) -> int:
    """How many letters a consumer has in `partitions`."""
    return int(await _queries.count(connection, consumer=consumer, partitions=list(partitions)))


def _list(ids: Collection[UUID] | None) -> list[UUID] | None:
    return None if ids is None else list(ids)


def _parsed(body: bytes) -> Mapping[str, Any] | bytes:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    return found if isinstance(found, dict) else body


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _type(value: object) -> str | None:
    return str(value).replace("\x00", "")[:_TYPE_CHARACTERS] if isinstance(value, str) else None
