"""When a stream must end, and what becomes of a client that takes nothing any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import date
from typing import Any, cast

import pytest

from deployments.analytics.repository.courses import Course
from deployments.analytics.stream import response
from deployments.analytics.stream.hub import Hub
from deployments.analytics.stream.readings import Reading, Watched
from deployments.analytics.stream.wire import Cursor
from deployments.kit import streaming
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.principal import Principal
from stores.errors import StoreUnavailable
from stores.ids import new_id

TEACHER, ORG = new_id(), new_id()
CURSOR = Cursor(1, date(2026, 11, 23), {})


class Sessions:
    """Answers what it is told to."""

    def __init__(self, answer: bool | None) -> None:
        self._answer = answer

    async def check(self, _principal: Principal) -> bool:
        if self._answer is None:
            raise StoreUnavailable()
        return self._answer


def reading(instructor_id: Any = TEACHER, status: str = "published") -> Reading:
    course = Course(id=new_id(), title="x", status=status, instructor_id=instructor_id)
    return Reading(CURSOR, {}, {}, course)


@pytest.mark.parametrize(
    ("seconds_left", "alive", "latest", "reason"),
    [
        (60, True, reading(), None),
        (60, True, Reading(CURSOR, {}, {}), None),
        (-1, True, reading(), "expired"),
        (60, False, reading(), "revoked"),
        (60, None, reading(), "unavailable"),
        (60, True, reading(new_id()), "forbidden"),
        (60, True, reading(new_id(), "draft"), "forbidden"),
    ],
)
async def test_reasons(seconds_left: float, alive: bool | None, latest: Reading, reason: str | None) -> None:
    principal = Principal(TEACHER, ORG, "instructor", new_id(), "t", time.time() - 900, time.time() + seconds_left)
    stream = response.EventStream(
        cast(Hub, None), cast(LiveSessions, Sessions(alive)), Watched(ORG, "course", new_id()), principal, None
    )
    assert await stream._unwelcome(latest) == reason


async def test_a_client_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_SEND_SECONDS", 0.05)
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x"
        finally:
            closed.set()

    async def stuck(_message: Any) -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(2):
        await streaming._pump(endless(), stuck)
    assert closed.is_set()
