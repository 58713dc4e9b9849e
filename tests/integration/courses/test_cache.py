"""The hot path over two replicas: answered from memory, and never out of date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deployments.courses.cache import CourseCache
from deployments.courses.deployment import SERVICE
from deployments.courses.service import CourseService
from deployments.kit.principal import Principal
from tests.integration.courses.support import MODULES, create, enrol, ok, publish
from tests.patience import patiently
from tests.platform import Account, Platform


@pytest.fixture(scope="module")
async def replica(platform: Platform) -> AsyncIterator[Platform]:
    """A second replica over the same stores."""
    async with Platform.running(platform.settings) as running:
        yield running


def cache_of(platform: Platform) -> CourseCache:
    """The course cache inside a replica."""
    gate = dict(platform.host._gates)[SERVICE.prefix]
    service = gate._app.state.service  # type: ignore[attr-defined]
    assert isinstance(service, CourseService)
    return service.cache


def elsewhere(person: Account, replica: Platform) -> httpx.AsyncClient:
    """The person as a client of another replica."""
    return Platform._client(replica.host, authorization=person.http.headers["authorization"])


def remembered(cache: CourseCache, person: Account, course_id: str) -> bool:
    """Whether the replica answers a course from memory."""
    principal = Principal(
        user_id=person.id, org_id=person.org.id, role=person.role, session_id=person.session_id, token_id="",
        issued_at=0, expires_at=0,
    )  # fmt: skip
    return cache.answer(principal, f"/api/courses/{course_id}", {}) is not None


async def eventually_forgotten(cache: CourseCache, person: Account, course_id: str) -> None:
    async for _ in patiently(0.01):
        if not remembered(cache, person, course_id):
            return
    raise AssertionError("still remembered")


async def test_published_courses_are_answered_from_memory_and_drafts_are_not(platform: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    cache = cache_of(platform)
    course_id, drafted = await publish(author), await create(author)
    assert not remembered(cache, noor, course_id)
    cold = await noor.http.get(f"/api/courses/{course_id}")
    assert remembered(cache, noor, course_id)
    warm = await noor.http.get(f"/api/courses/{course_id}")
    assert (warm.content, warm.headers["etag"]) == (cold.content, cold.headers["etag"])
    for name in ("content-type", "content-length", "cache-control"):
        assert warm.headers[name] == cold.headers[name]
    ok(await author.http.get(f"/api/courses/{drafted}"))
    assert not remembered(cache, author, drafted)
    unchanged = await noor.http.get(f"/api/courses/{course_id}", headers={"if-none-match": warm.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    cache.on_message(course_id)
    unchanged = await noor.http.get(f"/api/courses/{course_id}", headers={"if-none-match": warm.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    stranger = await (await platform.create_organisation()).person("org_admin")
    assert (await stranger.http.get(f"/api/courses/{course_id}")).status_code == 404
    assert (await platform.http.get(f"/api/courses/{course_id}")).status_code == 401


async def test_whatever_a_page_shows_invalidates_it(platform: Platform, replica: Platform) -> None:
    org = await platform.create_organisation()
    author, admin, noor = await org.person("instructor"), await org.person("org_admin"), await org.person("student")
    other = await org.person("instructor", fresh=True)
    needed, course_id = await publish(author, title="Needed"), await publish(author, title="Course")
    unrelated = await publish(other, title="Unrelated")
    path = f"/api/courses/{course_id}"
    for one in (course_id, unrelated):
        await enrol(platform, org, one, noor.id)
    here, there = cache_of(platform), cache_of(replica)
    far = elsewhere(noor, replica)

    async def warm() -> dict[str, Any]:
        ok(await noor.http.get(f"/api/courses/{unrelated}"))
        near: dict[str, Any] = ok(await noor.http.get(path))
        ok(await far.get(f"/api/courses/{unrelated}"))
        assert ok(await far.get(path)) == near
        assert remembered(here, noor, course_id)
        assert remembered(there, noor, course_id)
        return near

    async def change(method: str, target: str, body: Any = None, person: Account = author) -> dict[str, Any]:
        """Make a change at the one replica; the other must follow."""
        before = await warm()
        answer = await person.http.request(method, target, json=body)
        assert answer.status_code < 300, answer.text
        assert not remembered(here, noor, course_id), "the writer's own replica is up to date at once"
        await eventually_forgotten(there, noor, course_id)
        after = await warm()
        assert after != before
        return after

    assert (await change("PATCH", path, {"title": "New"}))["title"] == "New"
    shown = await change("PUT", f"{path}/prerequisites", {"prerequisites": [needed]})
    assert shown["prerequisites"][0]["title"] == "Needed"
    shown = await change("PATCH", f"/api/courses/{needed}", {"title": "Renamed"})
    assert shown["prerequisites"][0]["title"] == "Renamed"
    shown = await change("PUT", f"{path}/reviews/mine", {"rating": 4}, noor)
    assert shown["rating"] == {"average": 4.0, "count": 1, "fair": 4.0}
    shown = await change("PUT", f"/api/courses/{unrelated}/reviews/mine", {"rating": 1}, noor)
    assert shown["rating"]["fair"] < 4
    shown = await change("DELETE", f"{path}/reviews/mine", None, noor)
    assert shown["rating"]["count"] == 0
    shown = await change("PUT", f"{path}/instructor", {"instructor_id": str(other.id)}, admin)
    assert shown["instructor"]["id"] == str(other.id)
    ok(await other.http.post(f"{path}/modules", json=MODULES[0]), 201)
    assert remembered(here, noor, course_id), "a draft is on no page"
    assert (await change("POST", f"{path}/publish", None, other))["version"] == 2
    assert (await change("POST", f"{path}/archive", None, other))["status"] == "archived"
    await far.aclose()


async def test_a_renamed_instructor_is_shown_everywhere(platform: Platform, replica: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await publish(author)
    far = elsewhere(noor, replica)
    ok(await far.get(f"/api/courses/{course_id}"))
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set bio = 'unrelated' where id = $1", author.id)
    await asyncio.sleep(0.05)
    assert remembered(cache_of(replica), noor, course_id)
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set first_name = 'Ines' where id = $1", author.id)
    await eventually_forgotten(cache_of(replica), noor, course_id)
    assert ok(await far.get(f"/api/courses/{course_id}"))["instructor"]["name"] == "Ines instructor"
    await far.aclose()


async def test_without_its_channel_a_replica_remembers_nothing(platform: Platform, replica: Platform) -> None:
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await publish(author)
    cache, far = cache_of(replica), elsewhere(noor, replica)
    ok(await far.get(f"/api/courses/{course_id}"))
    assert remembered(cache, noor, course_id)
    async with platform.database.transaction(None) as connection:
        await connection.execute("set local role none")
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where (query ilike 'listen%' or query = 'select 1') and pid <> pg_backend_pid()"
        )
    await eventually_forgotten(cache, noor, course_id)
    ok(await far.get(f"/api/courses/{course_id}"))
    ok(await author.http.patch(f"/api/courses/{course_id}", json={"title": "Changed meanwhile"}))
    assert ok(await far.get(f"/api/courses/{course_id}"))["title"] == "Changed meanwhile"
    async for _ in patiently(0.05):
        ok(await far.get(f"/api/courses/{course_id}"))
        if remembered(cache, noor, course_id):
            break
    else:
        raise AssertionError("the channel did not come back")
    await far.aclose()


async def test_readers_and_a_writer_in_a_storm(platform: Platform, replica: Platform) -> None:
    """What a reader gets is never older than what the writer was told before the reader asked."""
    org = await platform.create_organisation()
    author, noor = await org.person("instructor"), await org.person("student")
    course_id = await publish(author, title="0")
    path, acknowledged, done = f"/api/courses/{course_id}", 0, False

    async def read() -> int:
        reads = 0
        while not done:
            known = acknowledged
            assert int(ok(await noor.http.get(path))["title"]) >= known
            reads += 1
            await asyncio.sleep(0)
        return reads

    readers = [asyncio.create_task(read()) for _ in range(8)]
    for number in range(1, 41):
        ok(await author.http.patch(path, json={"title": str(number)}))
        acknowledged = number
        await asyncio.sleep(0.005)
    done = True
    assert sum(await asyncio.gather(*readers)) > 100
    far = elsewhere(noor, replica)
    assert int(ok(await far.get(path))["title"]) == 40
    await far.aclose()
