"""The peer: a plain consumer of the same log, the way most are written.

    python -m benchmarks.events.plain --after SEQ [--add-up]

Reads the outbox in order and counts events by organisation, course and minute in a table, each batch with its position
in one transaction: an upsert for each event or, with `--add-up`, for each count of a batch. Prints what it took as
JSON. It takes AZORA_* settings, and ends where the log does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from stores.vaulted import load_settings

_BATCH = 5_000
_TABLES = """
create table if not exists plain_counts (
    org_id uuid, course_id uuid, minute timestamptz, count bigint, primary key (org_id, course_id, minute)
);
create table if not exists plain_position (seq bigint);
truncate plain_counts, plain_position;
"""
_UPSERT = """
insert into plain_counts values ($1, $2, $3, $4)
on conflict (org_id, course_id, minute) do update set count = plain_counts.count + excluded.count
"""
_NO_COURSE = UUID(int=0)
Key = tuple[UUID, UUID, datetime]


def _key(event: dict[str, object]) -> Key:
    data = event["data"]
    assert isinstance(data, dict)
    minute = datetime.fromisoformat(str(event["time"])).astimezone(UTC).replace(second=0, microsecond=0)
    return UUID(str(event["orgid"])), UUID(data["course_id"]) if "course_id" in data else _NO_COURSE, minute


async def consume(connection: asyncpg.Connection, after: int, *, add_up: bool) -> int:
    """Take what there is; returns how many events."""
    taken = 0
    await connection.execute("insert into plain_position values ($1)", after)
    while True:
        async with connection.transaction():
            rows = await connection.fetch(
                "select seq, event from outbox where seq > (select seq from plain_position) order by seq limit $1",
                _BATCH,
            )
            if not rows:
                return taken
            keys = [_key(json.loads(row["event"])) for row in rows]
            counts = Counter(keys).items() if add_up else ((key, 1) for key in keys)
            await connection.executemany(_UPSERT, [(*key, count) for key, count in sorted(counts)])
            await connection.execute("update plain_position set seq = $1", rows[-1]["seq"])
        taken += len(rows)


async def _main(after: int, add_up: bool) -> None:
    settings = load_settings()
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    await connection.execute(_TABLES)
    began, used = time.perf_counter(), time.process_time()
    events = await consume(connection, after, add_up=add_up)
    print(
        json.dumps(
            {"events": events, "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}
        )
    )
    await connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A plain consumer of the outbox.")
    parser.add_argument("--after", type=int, required=True)
    parser.add_argument("--add-up", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.after, arguments.add_up))
