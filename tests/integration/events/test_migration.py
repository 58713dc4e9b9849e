"""Events that were written before they said what was before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import orjson
import pytest
from alembic import command

from cluster.embedded import EmbeddedServers
from migrations import run
from stores.events import decode
from stores.ids import new_id
from tests.platform import Platform

ORG, PERSON, COURSE = UUID(int=1), UUID(int=2), UUID(int=3)
JOINED = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
async def old(servers: EmbeddedServers, platform: Platform) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database at the first revision, beside that of the other tests."""
    url = servers.postgres_url
    assert url is not None
    name = f"azora_{new_id().hex[-12:]}"
    owner = await asyncpg.connect(url)
    try:
        await owner.execute(f"create database {name}")
    except asyncpg.InsufficientPrivilegeError:
        pytest.skip("the login may not create databases")
    address = urlsplit(url)._replace(path=f"/{name}").geturl()
    engine = run._engine(address)
    async with engine.begin() as migrating:
        await migrating.run_sync(lambda sync: command.upgrade(run._config(sync), "0001"))
    await engine.dispose()
    connection = await asyncpg.connect(address)
    yield address, connection
    await connection.close()
    await owner.execute(f"drop database {name}")
    await owner.close()


async def furnish(connection: asyncpg.Connection) -> None:
    await connection.execute("insert into organisations (id, slug, name) values ($1, 'old', 'Old')", ORG)
    await connection.execute(
        "insert into users (id, org_id, email, first_name, last_name, role, created_at)"
        " values ($1, $2, 'a@example.org', 'A', 'B', 'instructor', $3)", PERSON, ORG, JOINED,
    )  # fmt: skip
    await connection.execute(
        "insert into courses (id, org_id, title, instructor_id, price) values ($1, $2, 'C', $3, 12.5)",
        COURSE, ORG, PERSON,
    )  # fmt: skip


async def tell(connection: asyncpg.Connection, topic: str, type: str, day: int, **data: Any) -> None:
    id = new_id()
    envelope = {
        "specversion": "1.0", "id": str(id), "type": f"azora.{type}.v1", "source": "/old", "subject": "s",
        "time": f"2026-02-{day:02}T00:00:00Z", "datacontenttype": "application/json", "partitionkey": str(PERSON),
        "orgid": str(ORG), "data": {"user_id": str(PERSON), **data},
    }  # fmt: skip
    await connection.execute(
        "insert into outbox (id, org_id, topic, key, event) values ($1, $2, $3, $4, $5)",
        id, ORG, topic, str(PERSON), orjson.dumps(envelope).decode(),
    )  # fmt: skip


async def tell_a_life(connection: asyncpg.Connection, enrollment_id: UUID) -> None:
    common = {"enrollment_id": str(enrollment_id), "course_id": str(COURSE), "course_version_id": str(COURSE)}
    graded = {
        "unit_id": str(COURSE), "submission_id": str(COURSE), "points": "5", "maximum_points": "10", "passed": True,
    }  # fmt: skip
    steps: list[tuple[str, str, str, dict[str, Any]]] = [
        ("enrollment.created", "waitlisted", "0.00", {}),
        ("enrollment.activated", "active", "0.00", {}),
        ("unit.completed", "active", "50.00", {"unit_id": str(COURSE)}),
        ("submission.graded", "active", "50.00", {**graded, "grade": "50.0000"}),
        ("submission.graded", "active", "50.00", {**graded, "grade": "70.0000"}),
        ("enrollment.dropped", "dropped", "50.00", {}),
        ("enrollment.activated", "active", "50.00", {}),
    ]
    for day, (type, status, progress, more) in enumerate(steps, 1):
        what = {**common, "status": status, "progress": progress, "score": None, **more}
        await tell(connection, "enrollment_events", type, day, **what)


async def data_of(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    rows = await connection.fetch("select event from outbox order by seq")
    read = [decode(orjson.loads(row["event"])) for row in rows]
    return [event.data.model_dump() for event in read if event is not None]


async def test_they_say_it_afterwards(old: tuple[str, asyncpg.Connection]) -> None:
    url, connection = old
    await furnish(connection)
    await tell_a_life(connection, new_id())
    for type, rating in [("written", 3), ("written", 5), ("deleted", 5), ("written", 1)]:
        await tell(connection, "course_events", f"review.{type}", 9, course_id=str(COURSE), rating=rating)
    await tell(connection, "user_events", "session.started", 9, session_id=str(COURSE))
    await run.migrate(url)
    said = await data_of(connection)
    chain = said[:7]
    assert [data["previous_status"] for data in chain] == [None, *(data["status"] for data in chain[:-1])]
    assert [data["previous_progress"] for data in chain] == [0, *(data["progress"] for data in chain[:-1])]
    assert [data["enrolled_at"] and data["enrolled_at"].day for data in chain] == [None, 2, 2, 2, 2, 2, 7]
    assert [chain[at]["price"] for at in (0, 1, 6)] == [None, Decimal("12.50"), None]
    assert [chain[at]["previous_grade"] for at in (3, 4)] == [None, 50]
    assert [data.get("previous_rating") for data in said[7:11]] == [None, 3, None, None]
    assert (said[11]["role"], said[11]["registered_at"]) == ("instructor", JOINED)
