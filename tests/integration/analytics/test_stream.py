"""The live stream: what is pushed, what is resumed, when it ends, and that nobody can make it grow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import uvicorn

from configs.settings import Settings
from deployments.analytics.service import AnalyticsService
from deployments.analytics.stream.hub import Hub
from deployments.analytics.stream.readings import Reading, Readings, Watched
from stores.ids import new_id
from tests.integration.analytics.support import (
    BASE,
    NOW,
    Life,
    fold,
    learners,
    ok,
    streaming,
)
from tests.integration.enrollments.support import CourseFixture, create_course, text
from tests.patience import PATIENCE_SECONDS
from tests.platform import Organisation, Platform


@pytest.fixture(scope="module")
async def here(settings: Settings) -> AsyncIterator[Platform]:
    """A platform of this module's own, with few streams."""
    changed = {"analytics_streams_per_replica": 7, "analytics_streams_per_person": 5}
    async with Platform.running(settings.model_copy(update=changed)) as running:
        yield running


def service(platform: Platform) -> AnalyticsService:
    for _, gate in platform.host._gates:
        found = gate._app.state.service  # type: ignore[attr-defined]
        if isinstance(found, AnalyticsService):
            return found
    raise AssertionError("there is no analytics service")


@pytest.fixture
async def org(here: Platform) -> Organisation:
    return await here.create_organisation()


async def enrol(org: Organisation, course: CourseFixture, count: int) -> list[Life]:
    lives = [Life(org.id, user_id, course.id).enrol(NOW) for user_id in await learners(org, count)]
    await fold(org.platform, [event for life in lives for event in life.events])
    return lives


async def test_changes_are_pushed_and_only_they(here: Platform, org: Organisation) -> None:
    course, other = await create_course(org, [text()]), await create_course(org, [text()])
    await enrol(org, course, 6)
    teacher = course.instructor
    async with streaming(here.host, teacher, f"scope=course&id={course.id}") as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert await stream.text() == b"retry: 2000"
        name, document, first = await stream.event()
        assert name == "snapshot"
        view = ok(await teacher.http.get(f"{BASE}/courses/{course.id}"))
        assert document["totals"] == view["totals"]
        await enrol(org, other, 1)  # no business of this stream
        await enrol(org, course, 2)
        name, changed, second = await stream.event()
        assert name == "figures"
        assert first != second
        assert changed["totals"]["figures"] == {
            "events": 8, "active": 8, "enrollments": 8, "active_learners": 8, "revenue": "80.00",
            "progress": [8] + [0] * 10,
        }  # fmt: skip
        assert "suppressed" not in changed["totals"]
        assert set(changed) == {"totals", "today"}


async def test_a_client_that_comes_back_is_told_only_what_it_missed(here: Platform, org: Organisation) -> None:
    course, other = await create_course(org, [text()]), await create_course(org, [text()])
    await enrol(org, course, 6)
    query = f"scope=course&id={course.id}"
    async with streaming(here.host, course.instructor, query) as stream:
        _, _, cursor = await stream.event()
    await enrol(org, other, 3)  # the log goes on, the course does not
    async with streaming(here.host, course.instructor, query, last_event_id=cursor) as stream:
        assert await stream.text() == b"retry: 2000"
        with pytest.raises(TimeoutError):
            await stream.event(1)
        await enrol(org, course, 1)
        name, changed, _ = await stream.event()
        assert (name, changed["totals"]["figures"]["enrollments"]) == ("figures", 7)
    for stale in (cursor, "nonsense", "1.20200101.0-1", "9" * 5000, "-.-.-"):
        async with streaming(here.host, course.instructor, query, last_event_id=stale) as stream:
            if len(stale or "") > 4096:
                assert stream.status == 422
                continue
            name, document, _ = await stream.event()
            assert (name, document["totals"]["figures"]["enrollments"]) == ("snapshot", 7)


async def test_every_scope_streams_to_those_who_may(here: Platform, org: Organisation) -> None:
    course = await create_course(org, [text()])
    student = await org.person("student", fresh=True)
    admin, operator = await org.person("org_admin"), await org.person("platform_admin")
    async with streaming(here.host, student, "scope=learner") as own:
        _name, document, _ = await own.event()
        assert document["id"] is None
        async with (
            streaming(here.host, admin, "scope=organisation") as whole,
            streaming(here.host, operator, "scope=platform") as platform,
        ):
            before = [(await one.event())[1] for one in (whole, platform)]
            await fold(here, Life(org.id, student.id, course.id).enrol(NOW).events)
            _, changed, _ = await own.event()
            assert changed["totals"]["figures"]["enrollments"] == 1
            for one, former in zip((whole, platform), before, strict=True):
                _, changed, _ = await one.event()
                assert changed["totals"]["figures"]["events"] > former["totals"]["figures"]["events"]
    pseudonym = ok(await student.http.get(f"{BASE}/learners/me"))["pseudonym"]
    async with streaming(here.host, admin, f"scope=learner&id={pseudonym}") as stream:
        assert (await stream.event())[1]["totals"]["figures"]["enrollments"] == 1
    elsewhere = await here.create_organisation()
    stranger = await elsewhere.person("org_admin")
    for person, query, status in (
        (student, "scope=platform", 403), (student, "scope=organisation", 403), (admin, "scope=platform", 403),
        (student, f"scope=learner&id={pseudonym}", 403), (student, f"scope=course&id={course.id}", 403),
        (stranger, f"scope=learner&id={pseudonym}", 404), (stranger, f"scope=course&id={course.id}", 404),
        (admin, f"scope=course&id={new_id()}", 404), (admin, "scope=course", 422), (admin, "scope=nonsense", 422),
        (admin, "", 422),
    ):  # fmt: skip
        async with streaming(here.host, person, query) as stream:
            assert stream.status == status, query


async def test_it_ends_with_the_session(here: Platform, org: Organisation) -> None:
    student = await org.person("student", fresh=True)
    async with streaming(here.host, student, "scope=learner") as stream:
        await stream.event()
        assert (await student.http.delete("/api/sessions/current")).status_code == 204
        name, data, _ = await stream.event()
        assert (name, data) == ("end", {"reason": "revoked"})
        assert await stream.ended()
    assert service(here).hub.streams == 0


async def test_it_ends_when_the_replica_drains(here: Platform, org: Organisation) -> None:
    student, draining = await org.person("student", fresh=True), False
    async with streaming(here.host, student, "scope=learner", draining=lambda: draining) as stream:
        await stream.event()
        draining = True
        assert (await stream.event())[:2] == ("end", {"reason": "draining"})


async def test_it_ends_where_the_course_is_handed_over(here: Platform, org: Organisation) -> None:
    course = await create_course(org, [text()], instructor=await org.person("instructor", fresh=True))
    async with streaming(here.host, course.instructor, f"scope=course&id={course.id}") as stream:
        await stream.event()
        await course.set(instructor_id=(await org.person("instructor", fresh=True)).id)
        await enrol(org, course, 1)
        assert (await stream.event())[:2] == ("end", {"reason": "forbidden"})


async def test_it_ends_where_a_learner_is_forgotten(here: Platform, org: Organisation) -> None:
    course, student = await create_course(org, [text()]), await org.person("student", fresh=True)
    await fold(here, Life(org.id, student.id, course.id).enrol(NOW).events)
    pseudonym = ok(await student.http.get(f"{BASE}/learners/me"))["pseudonym"]
    admin = await org.person("org_admin")
    async with streaming(here.host, admin, f"scope=learner&id={pseudonym}") as stream:
        await stream.event()
        async with here.database.transaction(org.id) as connection:
            await connection.execute("delete from analytics_pseudonyms where pseudonym = $1", UUID(pseudonym))
        await enrol(org, course, 1)
        assert (await stream.event())[:2] == ("end", {"reason": "gone"})


async def test_one_person_and_one_replica_have_so_many(here: Platform, org: Organisation) -> None:
    student, other = await org.person("student", fresh=True), await org.person("student", fresh=True)
    async with AsyncExitStack() as stack:
        for _ in range(5):
            assert (await stack.enter_async_context(streaming(here.host, student, "scope=learner"))).status == 200
        sixth = await stack.enter_async_context(streaming(here.host, student, "scope=learner"))
        assert (sixth.status, sixth.body()["type"]) == (429, "urn:azora:problem:too-many-streams")
        assert sixth.headers["retry-after"]
        for _ in range(2):
            assert (await stack.enter_async_context(streaming(here.host, other, "scope=learner"))).status == 200
        eighth = await stack.enter_async_context(streaming(here.host, other, "scope=learner"))
        assert (eighth.status, eighth.body()["type"]) == (503, "urn:azora:problem:streams-exhausted")
    assert service(here).hub.streams == 0


async def test_a_slow_client_gets_the_last_state_and_costs_nothing(here: Platform, org: Organisation) -> None:
    course = await create_course(org, [text()])
    await enrol(org, course, 6)
    async with streaming(here.host, course.instructor, f"scope=course&id={course.id}", room=1) as slow:
        hub = service(here).hub
        feed = next(iter(hub._feeds.values()))
        for _ in range(5):
            await enrol(org, course, 1)
            await asyncio.sleep(0.5)
        assert feed.latest is not None
        assert len(feed.wakers) == 1
        shown, frames = 0, 0
        while shown < 11:
            _name, data, _ = await slow.event()
            shown, frames = data["totals"]["figures"]["enrollments"], frames + 1
        assert frames <= 4, "states that were passed while the client slept are not kept for it"


async def test_it_goes_on_while_nothing_is_heard(here: Platform, org: Organisation) -> None:
    course = await create_course(org, [text()])
    await enrol(org, course, 6)
    readings = Readings(database=here.database, minimum_group=5)
    deaf = Hub(readings, push_interval=timedelta(milliseconds=50), per_replica=1, per_person=1)
    running = asyncio.create_task(deaf.run())
    try:
        async with deaf.subscription(Watched(org.id, "course", course.id), course.instructor.id) as subscription:
            await enrol(org, course, 1)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (latest := subscription.feed.latest) is None or enrolled(latest) != 7:
                    await subscription.wait(1)
    finally:
        running.cancel()
        await asyncio.wait((running,))
    assert deaf.closed


def enrolled(reading: Reading) -> int:
    count: int = reading.document["totals"]["figures"]["enrollments"]
    return count


@asynccontextmanager
async def served(platform: Platform) -> AsyncIterator[int]:
    """The platform behind a real HTTP server; gives its port."""
    server = uvicorn.Server(uvicorn.Config(platform.host, port=0, lifespan="off", log_level="error"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def test_over_http_a_client_that_leaves_is_let_go(here: Platform, org: Organisation) -> None:
    course = await create_course(org, [text()])
    await enrol(org, course, 6)
    token = course.instructor.http.headers["authorization"]
    async with served(here) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        query = {"scope": "course", "id": str(course.id)}
        async with http.stream("GET", f"{BASE}/stream", params=query, headers={"authorization": token}) as answer:
            lines = answer.aiter_lines()
            seen = [await anext(lines) for _ in range(4)]
            assert seen[0] == "retry: 2000"
            assert seen[3] == "event: snapshot"
            assert service(here).hub.streams == 1
        async with asyncio.timeout(PATIENCE_SECONDS):
            while service(here).hub.streams:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
