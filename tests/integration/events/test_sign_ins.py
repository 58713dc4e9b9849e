"""What signing in and failing to is told as."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from tests.patience import PATIENCE_SECONDS
from tests.platform import PASSWORD, Organisation, Platform


async def told(org: Organisation, type: str) -> list[dict[str, Any]]:
    async with org.platform.database.transaction(org.id) as connection:
        rows = await connection.fetch(
            "select event from outbox where event ->> 'type' = $1 order by seq", f"azora.{type}"
        )
    return [row["event"] for row in rows]


async def told_in_time(org: Organisation, type: str) -> list[dict[str, Any]]:
    """Refusals are recorded after the answer."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := await told(org, type)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return found


async def sign_in(org: Organisation, email: str, password: str = "wrong") -> int:
    body = {"organisation": org.slug, "email": email, "password": password}
    return (await org.platform.http.post("/api/sessions", json=body)).status_code


async def test_a_session_is_told_with_role_and_registration(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person("instructor")
    (event,) = await told(org, "session.started.v1")
    async with platform.database.transaction(org.id) as connection:
        created_at = await connection.fetchval("select created_at from users where id = $1", person.id)
    data = dict(event["data"])
    assert datetime.fromisoformat(data.pop("registered_at")) == created_at
    assert data == {"user_id": str(person.id), "session_id": str(person.session_id), "role": "instructor"}


@pytest.mark.parametrize("why", ["password", "deactivated"])
async def test_a_refusal_is_told_of_accounts_that_exist(platform: Platform, why: str) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    if why == "deactivated":
        async with platform.database.transaction(org.id) as connection:
            await connection.execute("update users set status = 'deactivated' where id = $1", person.id)
    assert await sign_in(org, "nobody@example.org") == 401
    assert await sign_in(org, person.email, PASSWORD if why == "deactivated" else "wrong") == 401
    (event,) = await told_in_time(org, "session.refused.v1")
    assert event["data"] == {"user_id": str(person.id)}
    assert (event["source"], event["partitionkey"]) == ("/sessions", str(person.id))
    assert event["traceparent"]


async def test_no_answer_waits_for_the_record_of_a_refusal(platform: Platform) -> None:
    """So that it takes as long for accounts that exist as for those that do not."""
    org = await platform.create_organisation()
    person = await org.person()
    assert platform.settings.database_url is not None
    owner = await asyncpg.connect(platform.settings.database_url.get_secret_value())
    async with owner.transaction():
        await owner.execute("lock table outbox in exclusive mode")  # whoever records waits
        async with asyncio.timeout(3):
            assert await sign_in(org, person.email) == 401
        assert await told(org, "session.refused.v1") == []
    await owner.close()
    assert len(await told_in_time(org, "session.refused.v1")) == 1
