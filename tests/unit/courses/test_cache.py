"""The cache of course pages: what it answers, and the races it must not lose."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from deployments.courses.cache import CourseCache, Filling, Page
from deployments.kit.principal import Principal
from stores.ids import new_id

ORG, OTHER = new_id(), new_id()
COURSE = new_id()
PATH = f"/api/courses/{COURSE}"


def principal(org_id: UUID = ORG, role: str = "student") -> Principal:
    return Principal(
        user_id=new_id(), org_id=org_id, role=role, session_id=new_id(), token_id="t", issued_at=0, expires_at=1
    )


READER = principal()


def filled() -> CourseCache:
    cache = CourseCache()
    cache.on_state(True)
    with cache.filling(COURSE) as filling:
        cache.keep(filling, Page.of(ORG, b'{"title":"x"}', '"1.ab"'))
    return cache


def test_a_page_is_answered_whole() -> None:
    answer = filled().answer(READER, PATH, {})
    assert answer is not None
    assert (answer.status, answer.body) == (200, b'{"title":"x"}')
    assert dict(answer.headers) == {
        b"content-type": b"application/json",
        b"content-length": b"13",
        b"etag": b'"1.ab"',
        b"cache-control": b"private, no-cache",
    }


@pytest.mark.parametrize(
    ("tags", "status"), [(b'"1.ab"', 304), (b'W/"1.ab", "2"', 304), (b"*", 304), (b'"2"', 200), (b"\xff", 200)]
)
def test_a_copy_that_is_still_good_is_not_sent_again(tags: bytes, status: int) -> None:
    answer = filled().answer(READER, PATH, {b"if-none-match": tags})
    assert answer is not None
    assert answer.status == status
    assert (answer.body == b"") == (status == 304)


@pytest.mark.parametrize(
    "path", [f"{PATH}/content", f"{PATH}/", "/api/courses", f"/api/courses/{new_id()}", PATH.upper(), PATH[:-1]]
)
def test_other_paths_are_left_to_the_application(path: str) -> None:
    assert filled().answer(READER, path, {}) is None


def test_tags_too_long_for_the_route_are_left_to_it() -> None:
    assert filled().answer(READER, PATH, {b"if-none-match": b'"' + b"x" * 499 + b'"'}) is None


def test_a_stranger_gets_nothing() -> None:
    assert filled().answer(principal(OTHER), PATH, {}) is None


def test_messages_and_outages_empty_it() -> None:
    for forget in (
        lambda cache: cache.on_message(str(COURSE)),
        lambda cache: cache.on_message(f"org:{ORG}"),
        lambda cache: cache.on_state(False),
        lambda cache: cache.on_state(True),
    ):
        cache = filled()
        forget(cache)
        assert cache.answer(READER, PATH, {}) is None
    kept = filled()
    kept.on_message(str(new_id()))
    kept.on_message(f"org:{OTHER}")
    kept.on_message("echo:unknown")
    assert kept.answer(READER, PATH, {}) is not None


async def test_a_writer_waits_for_its_own_message() -> None:
    cache = filled()
    echo = cache.echo()
    assert echo is not None
    waiting = asyncio.create_task(cache.caught_up(echo))
    await asyncio.sleep(0)
    assert not waiting.done()
    cache.on_message(str(COURSE))
    cache.on_message(echo.message)
    await waiting
    assert cache.answer(READER, PATH, {}) is None


async def test_a_writer_whose_message_is_lost_forgets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.courses.cache._ECHO_SECONDS", 0.01)
    cache = filled()
    echo = cache.echo()
    assert echo is not None
    await cache.caught_up(echo)
    assert cache.answer(READER, PATH, {}) is None


async def test_a_writer_does_not_wait_for_a_channel_that_is_down() -> None:
    cache = filled()
    echo = cache.echo()
    assert echo is not None
    cache.on_state(False)
    await asyncio.wait_for(cache.caught_up(echo), 0.1)
    assert cache.echo() is None


@pytest.mark.parametrize("message", [str(COURSE), f"org:{ORG}", None])
def test_what_was_read_before_a_change_is_not_kept_after_it(message: str | None) -> None:
    cache = filled()
    with cache.filling(COURSE) as filling:
        if message is None:
            cache.on_state(False)
            cache.on_state(True)
        else:
            cache.on_message(message)
        cache.keep(filling, Page.of(ORG, b"old", '"0"'))
    assert cache.answer(READER, PATH, {}) is None


def test_what_was_begun_during_an_outage_is_not_kept() -> None:
    cache = CourseCache()
    with cache.filling(COURSE) as filling:
        cache.on_state(True)
        cache.keep(filling, Page.of(ORG, b"old", '"0"'))
    assert cache.answer(READER, PATH, {}) is None


def test_an_answer_costs_next_to_nothing() -> None:
    cache = filled()
    headers = {b"authorization": b"Bearer x", b"accept": b"*/*"}
    started = time.process_time()
    for _ in range(20_000):
        cache.answer(READER, PATH, headers)
    assert (time.process_time() - started) / 20_000 < 500e-6


class Races(RuleBasedStateMachine):
    """Readers and writers of two courses in every order: an answer is never older than the last message heard.

    The model of the database is a counter per course. A commit raises it at once; its message arrives later, in the
    order of the commits, or never where the channel went down in between.
    """

    courses = (UUID(int=1), UUID(int=2))

    @initialize()
    def begin(self) -> None:
        self.cache = CourseCache()
        self.cache.on_state(True)
        self.live = True
        self.truth = dict.fromkeys(self.courses, 0)
        self.heard = dict.fromkeys(self.courses, 0)
        self.messages: list[tuple[str, dict[UUID, int]]] = []
        self.readings: list[tuple[object, Filling, UUID, int | None]] = []

    @rule()
    def channel_fails_or_recovers(self) -> None:
        self.messages.clear()
        self.live = not self.live
        if self.live:
            self.heard = dict(self.truth)
        self.cache.on_state(self.live)

    @rule(course=st.sampled_from(courses), whole_org=st.booleans())
    def commit(self, course: UUID, whole_org: bool) -> None:
        changed = self.courses if whole_org else (course,)
        for one in changed:
            self.truth[one] += 1
        if self.live:
            message = f"org:{ORG}" if whole_org else str(course)
            self.messages.append((message, {one: self.truth[one] for one in changed}))

    @precondition(lambda self: self.messages)
    @rule()
    def message_arrives(self) -> None:
        message, values = self.messages.pop(0)
        self.heard.update(values)
        self.cache.on_message(message)

    @rule(course=st.sampled_from(courses), at_once=st.booleans())
    def begin_reading(self, course: UUID, at_once: bool) -> None:
        context = self.cache.filling(course)
        self.readings.append((context, context.__enter__(), course, self.truth[course] if at_once else None))

    @precondition(lambda self: self.readings)
    @rule(which=st.integers(0, 5))
    def read_snapshot(self, which: int) -> None:
        place = which % len(self.readings)
        context, filling, course, value = self.readings[place]
        self.readings[place] = (context, filling, course, self.truth[course] if value is None else value)

    @precondition(lambda self: self.readings)
    @rule(which=st.integers(0, 5))
    def end_reading(self, which: int) -> None:
        context, filling, _, value = self.readings.pop(which % len(self.readings))
        if value is not None:
            self.cache.keep(filling, Page.of(ORG, str(value).encode(), f'"{value}"'))
        context.__exit__(None, None, None)  # type: ignore[attr-defined]

    @invariant()
    def answers_are_fresh(self) -> None:
        for course in getattr(self, "courses", ()):
            answer = self.cache.answer(READER, f"/api/courses/{course}", {}) if hasattr(self, "cache") else None
            if answer is not None:
                assert self.live
                assert int(answer.body) >= self.heard[course]


TestRaces = Races.TestCase
TestRaces.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
