"""Courses to be found, and an index that follows them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from actors.retrieval_index.member import RetrievalMember
from configs.settings import Settings
from learning.embedding.embedder import Embedder
from stores.ids import new_id
from stores.postgres import Database
from tests.integration.courses.support import ok
from tests.patience import PATIENCE_SECONDS
from tests.platform import Account

MEDIAN = "The median is the value in the middle once all values are put in order."
OUTLIER = "An outlier drags the mean along, whereas the middle value hardly notices it."
VOLCANO = "Magma rises through cracks in the crust until a mountain spits it out as lava."


def text(title: str, body: str) -> dict[str, Any]:
    """A unit of text."""
    return {"kind": "text", "title": title, "body": body}


def modules(*units: dict[str, Any]) -> list[dict[str, Any]]:
    """One module."""
    return [{"title": "A module", "units": list(units)}]


@asynccontextmanager
async def indexing(settings: Settings, embedder: Embedder | None = None) -> AsyncIterator[RetrievalMember]:
    """A member that keeps the index, meanwhile."""
    database = Database.from_settings(settings, role="azora_system")
    embedder = embedder or Embedder.of(on=True, threads=1)
    member = RetrievalMember(settings, database, f"test-{new_id().hex[-8:]}", embedder)
    stop = asyncio.Event()
    task = asyncio.create_task(member.run(stop))
    try:
        yield member
    finally:
        stop.set()
        await task
        await database.close()


async def settled(database: Database, course_id: str) -> None:
    """Wait until the course is in step, its passages embedded. `database` is under `azora_system`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        async with database.transaction(None, readonly=True) as connection:
            # An event that nobody has taken yet is work to do as well.
            rest = await connection.fetchval(
                "select (select count(*) from courses_to_index where course_id = $1)"
                "     + (select count(*) from content_passages where course_id = $1 and model is null)"
                "     + (select count(*) from outbox o where o.topic = 'course_events' and o.key = $1::text"
                "          and (o.xid, o.seq) > coalesce((select (p.xid, p.seq) from event_positions p"
                "              where p.consumer = 'retrieval' and p.topic = o.topic and p.partition = o.partition),"
                "              ('0'::xid8, 0::bigint)))",
                UUID(course_id),
            )
        if rest == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the index is not in step in time")


async def find(person: Account, q: str, **more: Any) -> list[dict[str, Any]]:
    """What a person finds."""
    body = ok(await person.http.get("/api/courses/passages", params={"q": q, **more}))
    found: list[dict[str, Any]] = body["items"]
    return found


async def texts(person: Account, q: str, **more: Any) -> list[str]:
    """The texts of it."""
    return [passage["text"] for passage in await find(person, q, **more)]


async def change_body(author: Account, course_id: str, title: str, body: str) -> None:
    """Rewrite a unit of the draft."""
    draft = ok(await author.http.get(f"/api/courses/{course_id}/draft"))
    (unit,) = [unit for module in draft["modules"] for unit in module["units"] if unit["title"] == title]
    ok(await author.http.patch(f"/api/courses/{course_id}/units/{unit['id']}", json={"body": body}))


async def publish_again(author: Account, course_id: str) -> None:
    """The draft as the next version."""
    ok(await author.http.post(f"/api/courses/{course_id}/publish"))
