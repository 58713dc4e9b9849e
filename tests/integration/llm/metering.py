"""A platform whose models are misbehaving upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import yaml

from configs.settings import Settings
from stores.postgres import Database
from tests.integration.llm.support import FAST
from tests.integration.llm.upstream import Behaviour, Upstream
from tests.patience import patiently
from tests.platform import Account, Organisation, Platform

# Dollars per million tokens: a prompt token costs one microdollar, one of the answer two.
PRICE = {"input": 1, "output": 2}


@asynccontextmanager
async def over(
    settings: Settings, folder: Path, *schedule: Behaviour, **target: Any
) -> AsyncIterator[tuple[Platform, Upstream]]:
    """All services, with the model `m`, which is the upstream."""
    async with Upstream.running(*schedule) as upstream:
        file = folder / "models.yaml"
        entry = {
            "provider": "openai", "base_url": upstream.url, "model": "up", "region": "eu", "timeouts": FAST,
            "price": PRICE, "retries": 0, "max_output_tokens": 100, "max_concurrency": 500, **target,
        }  # fmt: skip
        alias = {"targets": [["up"]], "data": "any"}
        file.write_text(yaml.safe_dump({"targets": {"up": entry}, "models": {"m": alias}, "embeddings": {"e": alias}}))
        async with Platform.running(settings.model_copy(update={"models_file": file})) as platform:
            yield platform, upstream


def hello(**more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hello there"}], **more}


async def ask(http: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await http.post("/v1/chat/completions", json=hello(**more))


async def usage(admin: Account, requests: int, **query: Any) -> Mapping[str, Any]:
    """The total, once so many requests are settled."""
    async for _ in patiently():
        answer = await admin.http.get("/api/llm/usage", params=query)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        if report["total"]["requests"] >= requests:
            break
    assert report["total"]["requests"] == requests
    return report


async def metered(platform: Platform, org: Organisation) -> list[dict[str, Any]]:
    """The data of the organisation's `completion.metered` events."""
    database = Database.from_settings(platform.settings, role="azora_system")
    async with database.transaction(None) as connection:
        rows = await connection.fetch(
            "select event from outbox where org_id = $1 and topic = 'ai_events' order by seq", org.id
        )
    await database.close()
    events = [row["event"] for row in rows]
    return [(orjson.loads(event) if isinstance(event, str) else event)["data"] for event in events]


async def in_progress(platform: Platform, org: Organisation) -> None:
    """Wait until a call of the organisation is written down as one that goes on."""
    async with platform.database.transaction(org.id, readonly=True) as connection:
        async for _ in patiently():
            if await connection.fetchval("select count(*) from llm_reservations"):
                return
    raise AssertionError("nothing is reserved")


async def keyed(platform: Platform, admin: Account) -> httpx.AsyncClient:
    """Somebody with a key: unlike a session's, its life is not looked up where the process was too busy to hear."""
    answer = await admin.http.post("/api/llm/keys", json={"name": "A key"})
    return platform._client(platform.host, authorization=f"Bearer {answer.json()['key']}")


async def budget(admin: Account, unit: str, maximum: int, **more: Any) -> dict[str, Any]:
    body = {"subject": "organisation", "unit": unit, "period": "day", "maximum": maximum, **more}
    answer = await admin.http.post("/api/llm/budgets", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def state(admin: Account, budget_id: str, *, settled: bool = True) -> dict[str, Any]:
    """The budget as it stands, once nothing is in progress."""
    async for _ in patiently():
        items = (await admin.http.get("/api/llm/budgets")).json()["items"]
        found: dict[str, Any] = next(item for item in items if item["id"] == budget_id)
        if not settled or found["reserved"] == 0:
            break
    return found
