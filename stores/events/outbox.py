"""The outbox: events written in the transaction that caused them."""

from __future__ import annotations

from collections.abc import Sequence

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


async def append(connection: Connection, events: Sequence[Event]) -> None:
    """Write events to the outbox, in order, inside the caller's transaction."""
    if events:
        await connection.execute(
            _APPEND,
            [event.id for event in events],
            [event.org_id for event in events],
            [event.topic for event in events],
            [event.key for event in events],
            [key_hash(event.key) for event in events],
            [event.envelope() for event in events],
        )
