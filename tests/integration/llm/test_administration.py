"""Settings, keys, budgets, transcripts: what administrators decide, and that it binds."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from configs.settings import Settings
from stores.postgres import Database
from tests.integration.llm.metering import ask, budget, hello, over, usage
from tests.integration.llm.upstream import Upstream, counted, says
from tests.patience import patiently
from tests.platform import PASSWORD, Account, Organisation, Platform

GOOD = says("Good", " day", usage=counted(11, 4))


@pytest.fixture(scope="module")
async def world(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Platform, Upstream]]:
    async with over(settings, tmp_path_factory.mktemp("llm"), GOOD) as running:
        yield running


async def decide(admin: Account, **body: Any) -> None:
    answer = await admin.http.put("/api/llm/settings", json=body)
    assert answer.status_code == 200, answer.text
    await asyncio.sleep(0.1)  # until the replica hears of it


async def make_key(admin: Account, **body: Any) -> dict[str, Any]:
    answer = await admin.http.post("/api/llm/keys", json={"name": "A key", **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def holder(platform: Platform, key: str) -> httpx.AsyncClient:
    return platform._client(platform.host, authorization=f"Bearer {key}")


async def test_a_key_asks_models_and_nothing_else(world: tuple[Platform, Upstream]) -> None:
    platform, _ = world
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    key = await make_key(admin, feature="shop", scopes=["chat"])
    assert key["key"].startswith("azk_")
    async with holder(platform, key["key"]) as http:
        assert (await ask(http)).status_code == 200
        assert (await http.get("/v1/models")).json()["data"][0]["id"] == "e"
        answer = await http.post("/v1/embeddings", json={"model": "e", "input": "x"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        for path in ("/api/llm/keys", "/api/users/me", "/api/llm/usage/mine"):
            assert (await http.get(path)).status_code == 401
    report = await usage(admin, 1, by=["key", "feature", "user"])
    assert [(g["key_id"], g["feature"], g["user_id"]) for g in report["groups"]] == [(key["id"], "shop", None)]
    listed = (await admin.http.get("/api/llm/keys")).json()["items"]
    assert [item["id"] for item in listed] == [key["id"]]
    assert listed[0]["last_used_at"] is not None
    assert key["key"][4:] not in str(listed), "it is shown once"


async def test_revoked_expired_and_made_up_keys(world: tuple[Platform, Upstream]) -> None:
    platform, _ = world
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    key = await make_key(admin)
    short = await make_key(admin, expires_at=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    text = key["key"]
    async with holder(platform, text) as http, holder(platform, short["key"]) as soon:
        assert ((await ask(http)).status_code, (await ask(soon)).status_code) == (200, 200)
        assert (await admin.http.delete(f"/api/llm/keys/{key['id']}")).json()["revoked_at"] is not None
        await asyncio.sleep(1.1)
        assert ((await ask(http)).status_code, (await ask(soon)).status_code) == (401, 401)
    system = Database.from_settings(platform.settings, role="azora_system")
    async with system.transaction(None, readonly=True) as connection:
        rows = await connection.fetch("select body from audit_pending where org_id = $1 order by seq", org.id)
    await system.close()
    entries = [orjson.loads(row["body"]) for row in rows]
    told = [(entry["action"], entry["subject"]) for entry in entries if entry["action"].startswith("api_key.")]
    made = [("api_key.created", key["id"]), ("api_key.created", short["id"])]
    assert told == [*made, ("api_key.revoked", key["id"])]
    other = text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB")
    for bad in (other, text[:-1], "azk_", "azk_" + "A" * 64, "azk_" + "%" * 64, text + "A"):
        async with holder(platform, bad) as http:
            answer = await ask(http)
            assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error"), bad
    stranger = await (await platform.create_organisation()).person("org_admin")
    assert (await stranger.http.delete(f"/api/llm/keys/{short['id']}")).status_code == 404
    refused = await admin.http.post("/api/llm/keys", json={"name": "A key", "feature": "agents"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/body/feature"), refused.text


async def test_keys_of_a_suspended_organisation_are_refused(world: tuple[Platform, Upstream]) -> None:
    platform, _ = world
    org = await platform.create_organisation()
    key = await make_key(await org.person("org_admin"))
    operator = await (await platform.create_organisation()).person("platform_admin")
    async with holder(platform, key["key"]) as http:
        assert (await ask(http)).status_code == 200
        answer = await operator.http.patch(f"/api/users/organisations/{org.id}", json={"status": "suspended"})
        assert answer.status_code == 200, answer.text
        await asyncio.sleep(0.1)
        assert (await ask(http)).status_code == 401


async def test_models_and_regions(world: tuple[Platform, Upstream]) -> None:
    platform, upstream = world
    org = await platform.create_organisation()
    learner, admin = await org.person(), await org.person("org_admin")
    await decide(admin, models=["e"])
    assert [model["id"] for model in (await learner.http.get("/v1/models")).json()["data"]] == ["e"]
    assert (await ask(learner.http)).json()["error"]["code"] == "model_not_found"
    await decide(admin, regions=["us"])
    asked = len(upstream.requests)
    assert (await ask(learner.http)).json()["error"]["code"] == "data_must_stay"
    assert len(upstream.requests) == asked
    await decide(admin, regions=["eu"])
    assert (await ask(learner.http)).status_code == 200
    refused = await admin.http.put("/api/llm/settings", json={"models": ["gpt-none"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/body/models/0")


async def test_settings_are_changed_by_revision(world: tuple[Platform, Upstream]) -> None:
    admin = await (await world[0].create_organisation()).person("org_admin")
    first = await admin.http.get("/api/llm/settings")
    assert first.headers["etag"] == '"0"'
    put = await admin.http.put("/api/llm/settings", json={"cache_seconds": 60}, headers={"if-match": '"0"'})
    assert (put.status_code, put.json()["cache_seconds"]) == (200, 60)
    late = await admin.http.put("/api/llm/settings", json={}, headers={"if-match": '"0"'})
    assert late.status_code == 412


def said(stream: str) -> str:
    """The text of a streamed answer, however it was cut."""
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


async def test_exact_repeats_are_answered_from_memory(world: tuple[Platform, Upstream]) -> None:
    platform, upstream = world
    org = await platform.create_organisation()
    learner, admin = await org.person(), await org.person("org_admin")
    asked = len(upstream.requests)
    for _ in range(2):
        await ask(learner.http, temperature=0)
    assert len(upstream.requests) == asked + 2, "off, unless the organisation says so"
    await decide(admin, cache_seconds=60)
    first = (await ask(learner.http, temperature=0)).json()
    again = (await ask(admin.http, temperature=0)).json()
    streamed = await ask(learner.http, temperature=0, stream=True)
    assert len(upstream.requests) == asked + 3
    assert again["choices"] == first["choices"]
    assert (again["usage"], again["id"] != first["id"]) == (first["usage"], True)
    assert said(streamed.text) == "Good day"
    for more in ({"temperature": 0.1}, {"temperature": 0, "max_tokens": 7}, {"temperature": 0, "seed": 1}, {}):
        before = len(upstream.requests)
        await ask(learner.http, **more)
        assert len(upstream.requests) == before + 1, more
    report = await usage(admin, 9)
    assert (report["total"]["cached"], report["total"]["input_tokens"]) == (2, 7 * 11)
    stranger = await (await platform.create_organisation()).person("org_admin")
    await decide(stranger, cache_seconds=60)
    before = len(upstream.requests)
    await ask(stranger.http, temperature=0)
    assert len(upstream.requests) == before + 1, "never across organisations"


async def test_transcripts_only_when_the_organisation_says_so(world: tuple[Platform, Upstream]) -> None:
    platform, _ = world
    org = await platform.create_organisation()
    learner, admin = await org.person(fresh=True), await org.person("org_admin")
    await ask(learner.http)
    await decide(admin, transcript_days=30)
    await ask(learner.http)
    await ask(learner.http, stream=True)
    items = await transcripts(learner, 2)
    assert [item["answer"]["text"] for item in items] == ["Good day", "Good day"]
    assert items[0]["messages"] == [{"role": "user", "text": "Hello there"}]
    assert len((await admin.http.get("/api/llm/transcripts")).json()["items"]) == 2
    assert (await admin.http.get("/api/llm/transcripts/mine")).json()["items"] == []
    stranger = await (await platform.create_organisation()).person("org_admin")
    assert (await stranger.http.get("/api/llm/transcripts")).json()["items"] == []
    assert (await stranger.http.delete(f"/api/llm/transcripts/{items[0]['id']}")).status_code == 404
    async with platform.database.transaction(org.id) as connection:
        stored = await connection.fetch("select sealed from llm_transcripts")
    assert not any(b"Hello" in row["sealed"] for row in stored)
    await export_and_erase(org, learner, admin)


async def transcripts(person: Account, count: int) -> list[dict[str, Any]]:
    async for _ in patiently():
        items: list[dict[str, Any]] = (await person.http.get("/api/llm/transcripts/mine")).json()["items"]
        if len(items) >= count:
            break
    assert len(items) == count
    return items


async def export_and_erase(org: Organisation, learner: Account, admin: Account) -> None:
    await usage(admin, 3)
    archive = zipfile.ZipFile(io.BytesIO((await learner.http.get("/api/users/me/export")).content))
    assert [kept["answer"]["text"] for kept in orjson.loads(archive.read("model_transcripts.json"))] == ["Good day"] * 2
    assert sum(row["requests"] for row in orjson.loads(archive.read("model_usage.json"))) == 3
    erased = await learner.http.post("/api/users/me/erase", json={"password": PASSWORD})
    assert erased.status_code == 200, erased.text
    assert (await admin.http.get("/api/llm/transcripts")).json()["items"] == []
    report = await usage(admin, 3, by=["user"])
    assert [group["user_id"] for group in report["groups"]] == [None]


async def test_erasing_whoever_made_a_key_revokes_it(world: tuple[Platform, Upstream]) -> None:
    platform, _ = world
    org = await platform.create_organisation()
    await org.person("org_admin")
    leaving = await org.person("org_admin", fresh=True)
    key = await make_key(leaving, name="Leaving")
    async with holder(platform, key["key"]) as http:
        assert (await ask(http)).status_code == 200
        assert (await leaving.http.post("/api/users/me/erase", json={"password": PASSWORD})).status_code == 200
        await asyncio.sleep(0.1)
        assert (await ask(http)).status_code == 401


async def test_budgets_are_changed_and_ended(world: tuple[Platform, Upstream]) -> None:
    platform, _ = world
    org = await platform.create_organisation()
    learner, admin = await org.person(), await org.person("org_admin")
    made = await budget(admin, "requests", 0)
    await asyncio.sleep(0.1)
    assert (await ask(learner.http)).status_code == 429
    path = f"/api/llm/budgets/{made['id']}"
    changed = await admin.http.patch(path, json={"maximum": 1})
    assert (changed.status_code, changed.json()["maximum"]) == (200, 1)
    assert [(await ask(learner.http)).status_code for _ in range(2)] == [200, 429]
    twice = await admin.http.post(
        "/api/llm/budgets", json={"subject": "organisation", "unit": "requests", "period": "day", "maximum": 5}
    )
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:azora:problem:budget-exists")
    assert (await admin.http.delete(path)).status_code == 204
    assert (await ask(learner.http)).status_code == 200
    for body in (
        {"subject": "user", "feature": "x", "unit": "tokens", "period": "day", "maximum": 1},
        {"subject": "feature", "unit": "tokens", "period": "day", "maximum": 1},
        {"subject": "organisation", "unit": "tokens", "period": "day", "maximum": -1},
        {"subject": "organisation", "unit": "euros", "period": "day", "maximum": 1},
    ):
        assert (await admin.http.post("/api/llm/budgets", json=body)).status_code == 422
    nobody = {"subject": "user", "user_id": made["id"], "unit": "tokens", "period": "day", "maximum": 1}
    assert (await admin.http.post("/api/llm/budgets", json=nobody)).status_code == 404


async def test_the_body_is_refused_before_anything_is_spent(world: tuple[Platform, Upstream]) -> None:
    platform, upstream = world
    learner = await (await platform.create_organisation()).person()
    asked = len(upstream.requests)
    answer = await learner.http.post("/v1/chat/completions", json=hello(n=2))
    assert answer.json()["error"]["param"] == "n"
    assert len(upstream.requests) == asked
