"""What `append` writes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from stores import events
from stores.events import Event, decode, partition_of
from stores.ids import new_id
from stores.postgres import Database
from tests.platform import Platform

IN_SQL = "(('x' || substr(md5(key), 1, 8))::bit(32)::bigint % (select partitions from event_log))"


def erasures(org_id: UUID, count: int) -> Iterator[Event]:
    for _ in range(count):
        user_id = new_id()
        yield Event(
            topic="user_events", type="user.erased.v1", source="/users", subject=str(user_id), key=str(user_id),
            org_id=org_id, data={"user_id": user_id, "erasure_id": new_id()},
        )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
async def test_events_are_written_in_order_and_partitioned_by_key(platform: Platform, count: int) -> None:
    org = await platform.create_organisation()
    wanted = list(erasures(org.id, count))
    async with platform.database.transaction(org.id) as connection:
        await events.append(connection, wanted)
        rows = await connection.fetch(f"select *, {IN_SQL} as by_sql from outbox order by seq")
        partitions = await connection.fetchval("select partitions from event_log")
    assert [row["id"] for row in rows] == [event.id for event in wanted]
    assert [row["event"] for row in rows] == [event.envelope() for event in wanted]
    assert [row["partition"] for row in rows] == [partition_of(event.key, partitions) for event in wanted]
    assert [row["partition"] for row in rows] == [row["by_sql"] for row in rows]
    read = [decode(row["event"]) for row in rows]
    assert [event and (event.id, event.time) for event in read] == [(event.id, event.time) for event in wanted]


async def test_housekeeping_writes_for_any_organisation(platform: Platform) -> None:
    orgs = [await platform.create_organisation() for _ in range(2)]
    wanted = [event for org in orgs for event in erasures(org.id, 1)]
    system = Database.from_settings(platform.settings, role="azora_system")
    try:
        async with system.transaction(None) as connection:
            await events.append(connection, wanted)
            found = await connection.fetch(
                "select id, org_id from outbox where id = any($1::uuid[]) order by seq", [event.id for event in wanted]
            )
    finally:
        await system.close()
    assert [(row["id"], row["org_id"]) for row in found] == [(event.id, event.org_id) for event in wanted]
