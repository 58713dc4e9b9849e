"""What front ends do: report events, one at a time or in batches, and watch the figures."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson

from benchmarks.client import Client, Identity
from benchmarks.events.world import World
from stores.ids import new_id

BATCH_TYPE = "application/cloudevents-batch+json"
ONE_TYPE = "application/cloudevents+json"


class Reporter:
    """Makes bodies of what learners of a world look at and how long, as an organisation's system reports it."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._chance = random.Random(seed)

    def batch(self, count: int) -> bytes:
        """So many events."""
        return orjson.dumps([self._event() for _ in range(count)])

    def one(self) -> bytes:
        """A single event."""
        return orjson.dumps(self._event())

    def _event(self) -> dict[str, Any]:
        chance = self._chance
        course = chance.choice(self._world.courses)
        data: dict[str, Any] = {
            "user_id": chance.choice(self._world.learners),
            "course_id": course.id,
            "unit_id": chance.choice(course.unit_ids),
        }
        name = "unit.viewed.v1"
        if chance.random() < 0.3:
            name, data["seconds"] = "time.spent.v1", chance.randint(5, 600)
        time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {
            "specversion": "1.0", "id": new_id().hex, "source": "bench", "type": name, "time": time, "data": data,
        }  # fmt: skip


async def token_of(client: Client, who: Identity) -> str:
    """An access token that holds for a quarter of an hour."""
    who.token = None
    await client.call("GET", "/api/courses", who=who)
    assert who.token is not None
    return who.token


@asynccontextmanager
async def session(base_url: str, token: str, connections: int) -> AsyncIterator[aiohttp.ClientSession]:
    """Requests as somebody, without the retries that would hide what is slow."""
    async with aiohttp.ClientSession(
        base_url,
        connector=aiohttp.TCPConnector(limit=connections),
        headers={"authorization": f"Bearer {token}"},
        timeout=aiohttp.ClientTimeout(total=60),
    ) as opened:
        yield opened


async def report(http: aiohttp.ClientSession, body: bytes, media_type: str) -> int:
    """Send events; how many were accepted."""
    async with http.post("/api/analytics/events", data=body, headers={"content-type": media_type}) as answer:
        found = await answer.json()
        if answer.status != 202 or found["errors"]:
            raise RuntimeError(f"not taken: {answer.status} {found}")
        return int(found["accepted"])
