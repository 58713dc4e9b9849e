"""Every call is metered, however it ends; and a budget is a budget."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from configs.settings import Settings
from deployments.llm import duties
from stores.postgres import Database
from tests.integration.llm.metering import ask, budget, hello, in_progress, keyed, metered, over, state, usage
from tests.integration.llm.upstream import Exchange, after, counted, cuts, endless, refuses, says

GOOD = says("Good", " day", usage=counted(11, 4))


async def test_usage_of_whole_and_streamed_answers(settings: Settings, tmp_path: Path) -> None:
    async with over(settings, tmp_path, GOOD) as (platform, _):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        assert (await ask(learner.http)).status_code == 200
        assert "[DONE]" in (await ask(learner.http, stream=True)).text
        await learner.http.post("/v1/chat/completions", json=hello(), headers={"x-azora-feature": "tutor"})
        report = await usage(admin, 3, by=["user", "feature", "model", "target"])
        total = report["total"]
        assert (total["input_tokens"], total["output_tokens"], total["cost_microdollars"]) == (33, 12, 3 * 19)
        groups = {group["feature"]: group for group in report["groups"]}
        assert groups["tutor"]["requests"] == 1
        assert {(g["user_id"], g["model"], g["target"], g["provider"]) for g in groups.values()} == {
            (str(learner.id), "m", "up", "openai")
        }
        mine = (await learner.http.get("/api/llm/usage/mine")).json()
        assert mine["total"]["requests"] == 3
        assert (await admin.http.get("/api/llm/usage/mine")).json()["total"]["requests"] == 0
        told = await metered(platform, org)
        assert len(told) == 3
        assert told[0] == {
            "user_id": str(learner.id), "key_id": None, "course_id": None, "capability": "chat", "feature": "api",
            "provider": "openai", "model": "m", "input_tokens": 11, "output_tokens": 4, "cost_microdollars": 19,
            "cached": False, "latency_ms": told[0]["latency_ms"], "outcome": "completed",
        }  # fmt: skip


async def test_broken_cancelled_and_failed_calls_are_metered(settings: Settings, tmp_path: Path) -> None:
    schedule = (cuts("Good", " day"), refuses(500), endless("and so on ", 0.01))
    async with over(settings, tmp_path, *schedule) as (platform, upstream):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        broken = await ask(learner.http, stream=True)
        assert "upstream_broken" in broken.text
        assert "[DONE]" not in broken.text
        assert (await ask(learner.http)).status_code == 503
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await ask(learner.http, stream=True)
        report = await usage(admin, 3)
        assert report["total"]["failed"] == 1
        assert report["total"]["input_tokens"] == 2 * 7, "estimated, of the two that were taken"
        assert [data["outcome"] for data in await metered(platform, org)] == ["broken", "failed", "cancelled"]
        assert await upstream.settled()


@pytest.mark.parametrize("unit", ["requests", "tokens", "microdollars"])
async def test_two_hundred_callers_never_spend_more_than_there_is(
    settings: Settings, tmp_path: Path, unit: str
) -> None:
    # What a call comes to: 1 request, 15 tokens, 19 microdollars; what it may come to is far more.
    maximum = {"requests": 37, "tokens": 2_000, "microdollars": 2_500}[unit]
    async with over(settings, tmp_path, after(0.02, GOOD)) as (platform, _):
        org = await platform.create_organisation()
        admin = await org.person("org_admin")
        http = await keyed(platform, admin)
        made = await budget(admin, unit, maximum)
        answers = await asyncio.gather(*(ask(http, stream=number % 2 == 0) for number in range(200)))
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) == {200, 429}
        refused = next(answer for answer in answers if answer.status_code == 429).json()["error"]
        assert (refused["type"], refused["code"]) == ("insufficient_quota", "insufficient_quota")
        found = await state(admin, made["id"])
        assert found["reserved"] == 0
        assert found["spent"] <= maximum
        assert found["spent"] == statuses[200] * {"requests": 1, "tokens": 15, "microdollars": 19}[unit]
        if unit == "requests":
            assert found["spent"] == maximum, "all of it could be used"
        # What is left can be spent, to the last call that fits.
        while (await ask(http, max_tokens=4)).status_code == 200:
            pass
        assert (await state(admin, made["id"]))["spent"] <= maximum
        await http.aclose()


async def test_two_replicas_share_a_budget(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with over(settings, tmp_path, after(0.02, GOOD)) as (one, _), over(settings, other, GOOD) as (two, _):
        org = await one.create_organisation()
        admin = await org.person("org_admin")
        made = await budget(admin, "requests", 25)
        here = await keyed(one, admin)
        elsewhere = two._client(two.host, authorization=here.headers["authorization"])
        calls = [ask(http) for _ in range(50) for http in (here, elsewhere)]
        answers = Counter(answer.status_code for answer in await asyncio.gather(*calls))
        for http in (here, elsewhere):
            await http.aclose()
        assert answers == {200: 25, 429: 75}
        assert (await state(admin, made["id"]))["spent"] == 25


async def test_a_failed_call_gives_its_budget_back(settings: Settings, tmp_path: Path) -> None:
    async with over(settings, tmp_path, refuses(500), refuses(500), GOOD) as (platform, _):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        made = await budget(admin, "requests", 1)
        assert [(await ask(learner.http)).status_code for _ in range(2)] == [503, 503]
        assert (await state(admin, made["id"]))["spent"] == 0
        assert [(await ask(learner.http)).status_code for _ in range(2)] == [200, 429]


async def test_a_rate_limit_says_when_to_come_back(settings: Settings, tmp_path: Path) -> None:
    async with over(settings, tmp_path, GOOD) as (platform, _):
        org = await platform.create_organisation()
        learner, other, admin = await org.person(), await org.person("instructor"), await org.person("org_admin")
        await budget(admin, "requests", 2, subject="user", period="hour")
        statuses = [(await ask(learner.http)).status_code for _ in range(2)]
        refused = await ask(learner.http)
        assert [*statuses, refused.status_code] == [200, 200, 429]
        assert refused.json()["error"]["code"] == "model_rate_limit"
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert (await ask(other.http)).status_code == 200, "each person by themselves"


async def test_a_new_budget_begins_with_what_was_spent(settings: Settings, tmp_path: Path) -> None:
    may_answer = asyncio.Event()

    async def held(exchange: Exchange) -> bool:
        await may_answer.wait()
        return await GOOD(exchange)

    times = {"first_token": "90s", "total": "90s"}
    # The last is asked for where the replica has not heard of the budget yet: its answer is held back all the same.
    async with over(settings, tmp_path, GOOD, GOOD, held, GOOD, timeouts=times) as (platform, _):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        for _ in range(2):
            await ask(learner.http)
        await usage(admin, 2)
        running = asyncio.create_task(ask(learner.http))
        await in_progress(platform, org)
        made = await budget(admin, "requests", 3, subject="user", user_id=str(learner.id), period="total")
        assert (made["spent"], made["reserved"]) == (2, 1)
        assert (await ask(learner.http)).status_code == 429
        may_answer.set()
        assert (await running).status_code == 200
        assert (await state(admin, made["id"]))["spent"] == 3


async def test_calls_of_a_process_that_died_are_settled_at_the_most(settings: Settings, tmp_path: Path) -> None:
    async with over(settings, tmp_path, endless("on ", 0.01)) as (platform, _):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        made = await budget(admin, "tokens", 1_000)
        call = asyncio.create_task(ask(learner.http, stream=True))
        await in_progress(platform, org)
        reserved = (await state(admin, made["id"], settled=False))["reserved"]
        assert reserved > 100
        system = Database.from_settings(settings, role="azora_system")
        async with system.transaction(None) as connection:  # as if the time of the call were over
            await connection.execute("update llm_reservations set expires_at = now() where org_id = $1", org.id)
        assert await duties.settle_lost_calls(system) >= 1
        await system.close()
        found = await state(admin, made["id"])
        assert (found["spent"], found["reserved"]) == (reserved, 0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.sleep(0.3)
        assert (await state(admin, made["id"]))["spent"] == reserved, "it is counted once"
        assert [data["outcome"] for data in await metered(platform, org)] == ["lost"]


async def test_without_the_database_nothing_is_asked(settings: Settings, tmp_path: Path) -> None:
    async with over(settings, tmp_path, GOOD) as (platform, upstream):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        await budget(admin, "requests", 10)
        assert (await ask(learner.http)).status_code == 200
        context = platform.host.context
        database, asked = context.database, len(upstream.requests)
        pool, database._pool = database._pool, None
        url, database._url = database._url, "postgresql://nobody@127.0.0.1:1/none"
        answer = await ask(learner.http)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "meter_unavailable")
        assert len(upstream.requests) == asked
        database._url, database._pool = url, pool
        assert (await ask(learner.http)).status_code == 200


async def test_a_budget_by_key_and_by_feature(settings: Settings, tmp_path: Path) -> None:
    async with over(settings, tmp_path, GOOD) as (platform, _):
        org = await platform.create_organisation()
        learner, admin = await org.person(), await org.person("org_admin")
        await budget(admin, "requests", 1, subject="feature", feature="tutor")
        headers = {"x-azora-feature": "tutor"}

        async def tutor() -> Any:
            return (await learner.http.post("/v1/chat/completions", json=hello(), headers=headers)).status_code

        assert [await tutor(), await tutor()] == [200, 429]
        assert (await ask(learner.http)).status_code == 200
