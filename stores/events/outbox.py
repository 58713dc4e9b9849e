"""The outbox: events written in the transaction that caused them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from stores.events.envelope import Event, key_hash
from stores.postgres import Connection

# However many there are, one statement: the number of partitions is read in it, so that it may grow at any time.
_APPEND = """
insert into outbox (id, org_id, topic, key, partition, event)
select e.id, e.org_id, e.topic, e.key, e.hash % (select l.partitions from event_log l), e.event
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[])
       with ordinality as e (id, org_id, topic, key, hash, event, place)
 order by e.place
"""

# The same, of what another statement let happen: that one is `happened`, and its parameters come first.
_APPEND_OF = """
with happened (id) as materialized ({statement}),
     told as (
         insert into outbox (id, org_id, topic, key, partition, event)
         select e.id, e.org_id, e.topic, e.key, e.hash % (select l.partitions from event_log l), e.event
           from unnest({arrays}) with ordinality as e (id, org_id, topic, key, hash, event, cause, place)
           join happened h on h.id = e.cause
          order by e.place
     )
select id from happened
"""
_TYPES = ("uuid", "uuid", "text", "text", "bigint", "jsonb", "uuid")


async def append(connection: Connection, events: Sequence[Event]) -> None:
    """Write events to the outbox, in order, inside the caller's transaction."""
    if events:
        await connection.execute(_APPEND, *_columns(events))


async def append_of(
    connection: Connection, statement: str, arguments: Sequence[Any], events: Mapping[UUID, Event]
) -> set[UUID]:
    """Run a statement that gives the ids of what happened by it, and write the events of just these, in order.

    One statement, and so one round trip and a transaction of its own where there is none: locks that it takes are not
    held while this process is busy. It must declare the tenant itself.
    """
    first = len(arguments) + 1
    arrays = ", ".join(f"${first + place}::{kind}[]" for place, kind in enumerate(_TYPES))
    rows = await connection.fetch(
        _APPEND_OF.format(statement=statement, arrays=arrays),
        *arguments,
        *_columns(list(events.values())),
        list(events),
    )
    return {row["id"] for row in rows}


def _columns(events: Sequence[Event]) -> tuple[list[Any], ...]:
    return (
        [event.id for event in events],
        [event.org_id for event in events],
        [event.topic for event in events],
        [event.key for event in events],
        [key_hash(event.key) for event in events],
        [event.envelope() for event in events],
    )
