"""The hub and its clients, over a reader that is made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest

from deployments.analytics.errors import StreamsExhausted, TooManyStreams
from deployments.analytics.repository.cells import Versions
from deployments.analytics.stream.client import Client
from deployments.analytics.stream.hub import Feed, Hub, Subscription
from deployments.analytics.stream.readings import Reading, Watched
from deployments.analytics.stream.wire import Cursor
from deployments.kit.streaming import HEARTBEAT, RETRY
from stores.errors import StoreUnavailable
from stores.ids import new_id

ORG, COURSE, PERSON = new_id(), new_id(), new_id()
WATCHED = Watched(ORG, "course", COURSE)


class Made:
    """A reader that counts what it is asked."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0
        self.down = False
        self.slow = 0.0

    async def versions(self) -> Versions:
        return Versions(1, {0: self.value})

    async def read(self, watched: Watched) -> Reading | None:
        self.reads += 1
        if self.down:
            raise StoreUnavailable()
        value = self.value
        await asyncio.sleep(self.slow)
        return Reading(Cursor(1, date(2026, 11, 23), {0: value}), {0: value}, {"value": value, "same": 1})


def message(scope: str) -> str:
    return orjson.dumps({"versions": {"0": 1}, "scopes": [scope]}).decode()


MINE = message(f"c:{COURSE.hex}")


@asynccontextmanager
async def running(reader: Made, *, heard: bool = True, **limits: int) -> AsyncIterator[Hub]:
    bounds = {"per_replica": 100, "per_person": 100, **limits}
    hub = Hub(reader, push_interval=timedelta(milliseconds=20), **bounds)
    hub.on_state(heard)
    task = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        task.cancel()
        await asyncio.wait((task,))


def client(hub: Hub, subscription: Subscription, **more: object) -> Client:
    async def welcome(_latest: Reading) -> None:
        return None

    return Client(hub=hub, subscription=subscription, last_event_id=None, **{"ending": welcome, **more})  # type: ignore[arg-type]


async def next_of(frames: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(3):
        return await anext(frames)


async def test_one_reading_serves_all_who_watch() -> None:
    reader = Made()
    async with (
        running(reader) as hub,
        hub.subscription(WATCHED, PERSON) as one,
        hub.subscription(WATCHED, PERSON) as two,
    ):
        assert one.feed is two.feed
        assert reader.reads == 1
        clients = [client(hub, subscription).frames() for subscription in (one, two)]
        for frames in clients:
            assert await next_of(frames) == RETRY
            assert b"snapshot" in await next_of(frames)
        reader.value = 7
        hub.on_message(MINE)
        for frames in clients:
            sent = await next_of(frames)
            assert b"event: figures" in sent
            assert sent.endswith(b'data: {"value":7}\n\n')
        assert reader.reads == 2
    assert hub.streams == 0
    assert not hub._feeds


async def test_what_concerns_others_is_not_read() -> None:
    reader = Made()
    async with running(reader) as hub, hub.subscription(WATCHED, PERSON):
        hub.on_message(message(f"c:{new_id().hex}"))
        hub.on_message(message(f"o:{ORG.hex}"))
        await asyncio.sleep(0.1)
        assert reader.reads == 1
        for everything in ('{"scopes": "*"}', "nonsense"):
            before = reader.reads
            hub.on_message(everything)
            await asyncio.sleep(0.1)
            assert reader.reads == before + 1


async def test_many_messages_are_one_reading_per_turn() -> None:
    reader = Made()
    async with running(reader) as hub, hub.subscription(WATCHED, PERSON):
        for _ in range(100):
            hub.on_message(MINE)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        assert reader.reads < 50


async def test_a_change_during_a_reading_is_read_again() -> None:
    reader = Made()
    reader.slow = 0.05
    async with running(reader) as hub, hub.subscription(WATCHED, PERSON) as subscription:
        hub.on_message(MINE)
        await asyncio.sleep(0.02)
        reader.value = 9
        hub.on_message(MINE)
        await asyncio.sleep(0.3)
        assert subscription.feed.latest is not None
        assert subscription.feed.latest.document["value"] == 9


async def test_a_store_that_fails_is_asked_again() -> None:
    reader = Made()
    async with running(reader) as hub, hub.subscription(WATCHED, PERSON) as subscription:
        reader.down, reader.value = True, 3
        hub.on_message(MINE)
        await asyncio.sleep(0.1)
        reader.down = False
        await asyncio.sleep(0.1)
        assert subscription.feed.latest is not None
        assert subscription.feed.latest.document["value"] == 3
        reader.down = True
        with pytest.raises(StoreUnavailable):
            async with hub.subscription(Watched(ORG, "course", new_id()), PERSON):
                pass
        assert hub.streams == 1


async def test_while_nothing_is_heard_versions_are_asked_for() -> None:
    reader = Made()
    async with running(reader, heard=False) as hub, hub.subscription(WATCHED, PERSON) as subscription:
        await asyncio.sleep(1.2)
        reader.value = 5
        await asyncio.sleep(1.3)
        assert subscription.feed.latest is not None
        assert subscription.feed.latest.document["value"] == 5


async def test_limits() -> None:
    async with running(Made(), per_replica=3, per_person=2) as hub:
        async with hub.subscription(WATCHED, PERSON), hub.subscription(WATCHED, PERSON):
            with pytest.raises(TooManyStreams):
                async with hub.subscription(WATCHED, PERSON):
                    pass
            async with hub.subscription(WATCHED, new_id()):
                with pytest.raises(StreamsExhausted):
                    async with hub.subscription(WATCHED, new_id()):
                        pass
        assert hub.streams == 0


async def test_silence_is_broken_by_heartbeats_and_ends_with_a_reason() -> None:
    now, reason = 0.0, None

    async def ending(_latest: Reading) -> str | None:
        return reason

    async with running(Made()) as hub, hub.subscription(WATCHED, PERSON) as subscription:
        frames = client(hub, subscription, ending=ending, clock=lambda: now).frames()
        await next_of(frames)
        await next_of(frames)
        following = asyncio.ensure_future(next_of(frames))
        await asyncio.sleep(0.1)
        now = 10.0
        assert await following == HEARTBEAT
        reason = "expired"
        assert await next_of(frames) == b'event: end\ndata: {"reason":"expired"}\n\n'
        with pytest.raises(StopAsyncIteration):
            await next_of(frames)


async def test_streams_end_with_the_hub() -> None:
    async with running(Made()) as hub:
        subscription = await hub.subscription(WATCHED, PERSON).__aenter__()
        frames = client(hub, subscription).frames()
        await next_of(frames)
        await next_of(frames)
    assert await next_of(frames) == b'event: end\ndata: {"reason":"draining"}\n\n'


def test_a_person_is_told_of_by_the_organisation() -> None:
    watched = Watched(ORG, "person", UUID(int=1))
    hub = Hub(Made(), push_interval=timedelta(seconds=1), per_replica=1, per_person=1)
    feed = hub._feeds[watched] = Feed(watched, stale=False)
    hub.on_message(MINE)
    assert not feed.stale
    hub.on_message(message(f"o:{ORG.hex}"))
    assert feed.stale
