"""Somebody administers the platform, whatever its administrators do to one another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from configs.settings import Settings
from stores.postgres import NIL_ORG
from tests.integration.users.support import problem, rows, system_database
from tests.platform import PASSWORD, Account, Organisation, Platform

_ACTIVE = "select id from users where role = 'platform_admin' and status = 'active'"
REFUSED = (409, "last-platform-administrator")


@pytest.fixture
async def alone(settings: Settings) -> AsyncIterator[None]:
    """No platform administrators but those that the test makes: the other tests' stand aside meanwhile."""
    async with system_database(settings) as database:
        async with database.transaction(None) as connection:
            aside: list[UUID] = [row["id"] for row in await connection.fetch(_ACTIVE)]
            await connection.execute("update users set status = 'deactivated' where id = any($1)", aside)
        yield
        async with database.transaction(None) as connection:
            await connection.execute("update users set status = 'active' where id = any($1)", aside)


async def _administrators(settings: Settings) -> list[UUID]:
    """Those who can still sign in."""
    async with system_database(settings) as database, database.transaction(None, readonly=True) as connection:
        found = await connection.fetch(
            "select u.id from users u join organisations o on o.id = u.org_id and o.status = 'active'"
            " where u.role = 'platform_admin' and u.status = 'active'"
        )
    return [row["id"] for row in found]


async def _demote(by: Account, who: Account) -> httpx.Response:
    return await by.http.put(f"/api/users/{who.id}/role", json={"role": "student"})


async def _deactivate(by: Account, who: Account) -> httpx.Response:
    return await by.http.post(f"/api/users/{who.id}/deactivate")


async def _erase(by: Account, who: Account) -> httpx.Response:
    return await by.http.post(f"/api/users/{who.id}/erase")


async def _erase_oneself(by: Account, who: Account) -> httpx.Response:
    return await who.http.post("/api/users/me/erase", json={"password": PASSWORD})


LEAVE = [_demote, _deactivate, _erase, _erase_oneself]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("leave", LEAVE)
async def test_the_last_one_stays(platform: Platform, leave: Callable[..., Awaitable[httpx.Response]]) -> None:
    here, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    first = await here.person("platform_admin")
    answer = await leave(first, first)
    assert (answer.status_code, problem(answer)) == REFUSED
    second = await elsewhere.person("platform_admin")
    assert (await leave(first, first)).status_code == 200
    answer = await leave(second, second)
    assert (answer.status_code, problem(answer)) == REFUSED


@pytest.mark.usefixtures("alone")
async def test_one_who_cannot_sign_in_does_not_count(platform: Platform) -> None:
    here, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    first, second = await here.person("platform_admin"), await elsewhere.person("platform_admin")
    path = f"/api/users/organisations/{elsewhere.id}"
    assert (await first.http.patch(path, json={"status": "suspended"})).status_code == 200
    answer = await _deactivate(first, first)
    assert (answer.status_code, problem(answer)) == REFUSED
    assert (await first.http.patch(path, json={"name": "Still suspended"})).status_code == 200
    assert (await first.http.patch(path, json={"status": "active"})).status_code == 200
    await rows(platform, elsewhere, "update users set status = 'deactivated' where id = $1", second.id)
    answer = await _deactivate(first, first)
    assert (answer.status_code, problem(answer)) == REFUSED


@pytest.mark.usefixtures("alone")
async def test_one_remains_when_all_leave_at_once(platform: Platform, settings: Settings) -> None:
    for seed in range(8):
        chance = random.Random(seed)
        homes = [await platform.create_organisation() for _ in range(4)]
        people = [await home.person("platform_admin") for home in homes]
        answers = await asyncio.gather(*(chance.choice(LEAVE)(person, person) for person in people))
        refused = [answer for answer in answers if answer.status_code != 200]
        assert [(answer.status_code, problem(answer)) for answer in refused] == [REFUSED]
        [left] = await _administrators(settings)
        [home] = [home for home, person in zip(homes, people, strict=True) if person.id == left]
        await rows(platform, home, "update users set status = 'deactivated' where id = $1", left)


@pytest.mark.usefixtures("alone")
async def test_one_remains_when_they_suspend_each_other(platform: Platform, settings: Settings) -> None:
    homes: list[Organisation] = [await platform.create_organisation() for _ in range(3)]
    people = [await home.person("platform_admin") for home in homes]
    await asyncio.gather(
        *(
            person.http.patch(f"/api/users/organisations/{home.id}", json={"status": "suspended"})
            for person, home in zip(people, [*homes[1:], homes[0]], strict=True)
        )
    )
    assert len(await _administrators(settings)) >= 1


async def test_the_application_learns_no_more_than_yes_or_no(platform: Platform) -> None:
    async with platform.database.transaction(NIL_ORG) as connection:
        assert await connection.fetchval("select platform_keeps_administrator(null, null)") in (True, False)
        assert await connection.fetch(_ACTIVE) == []
