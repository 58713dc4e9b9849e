"""What the tests of people and organisations share."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from configs.settings import Settings
from deployments.users.duties import AnswerResetRequests
from deployments.users.letters import Letters
from stores.postgres import Database
from tests.platform import Account, Organisation, Platform

NEW_PASSWORD = "another good password"


@asynccontextmanager
async def system_database(settings: Settings) -> AsyncIterator[Database]:
    """A database under the role that sees all tenants."""
    database = Database.from_settings(settings, role="azora_system")
    try:
        yield database
    finally:
        await database.close()


async def rows(platform: Platform, org: Organisation, sql: str, *values: object) -> list[dict[str, Any]]:
    """What the application sees of a tenant."""
    async with platform.database.transaction(org.id) as connection:
        return [dict(row) for row in await connection.fetch(sql, *values)]


async def mails(platform: Platform, org: Organisation, recipient: str) -> list[dict[str, Any]]:
    """Mails that wait for somebody, the oldest first."""
    return await rows(platform, org, "select * from mails where recipient = $1 order by id", recipient)


def token_in(mail: dict[str, Any]) -> str:
    """The token of the link in a mail."""
    match = re.search(r"token=(\S+)", mail["body"])
    assert match is not None
    return match[1]


async def events(platform: Platform, org: Organisation, type: str, subject: UUID | str) -> list[dict[str, Any]]:
    """Events of a type about a subject."""
    found = await rows(
        platform,
        org,
        "select event from outbox where event ->> 'type' = $1 and event ->> 'subject' = $2 order by seq",
        f"azora.{type}",
        str(subject),
    )
    return [row["event"] for row in found]


async def answer_reset_requests(settings: Settings) -> int:
    """What housekeeping does for those who forgot their password."""
    async with system_database(settings) as database:
        return await AnswerResetRequests(Letters("http://azora.test"), timedelta(hours=1))(database)


async def refreshes(platform: Platform, account: Account) -> bool:
    """Whether a session is alive. Spends its refresh token."""
    answer = await platform.http.post("/api/sessions/refresh", json={"refresh_token": account.refresh_token})
    if answer.status_code == 200:
        account.refresh_token = answer.json()["refresh_token"]
    return answer.status_code == 200


async def try_sign_in(platform: Platform, org: Organisation, email: str, password: str) -> int:
    """The status that signing in gets."""
    body = {"organisation": org.slug, "email": email, "password": password}
    return (await platform.http.post("/api/sessions", json=body)).status_code


def problem(answer: httpx.Response) -> str:
    """The short type of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).removeprefix("urn:azora:problem:")
