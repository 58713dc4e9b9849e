"""Look-ups that share a round trip: nobody is answered from before they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from deployments.kit.look_ups import LookUps
from stores.errors import StoreUnavailable


class Store:
    """Answers once `gate` opens, by what is alive at the moment that it is asked."""

    def __init__(self, *alive: UUID) -> None:
        self.alive = set(alive)
        self.rounds: list[list[UUID]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self, session_ids: Sequence[UUID]) -> list[bool]:
        self.rounds.append(list(session_ids))
        found = [session_id in self.alive for session_id in session_ids]
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return found


async def _under_way() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_all_that_wait_share_one_round() -> None:
    sessions = [uuid4() for _ in range(300)]
    store = Store(*sessions[:200])
    store.gate.set()
    look_ups = LookUps(store.ask)
    found = await asyncio.gather(*(look_ups.is_live(session) for session in sessions * 2))
    assert found == ([True] * 200 + [False] * 100) * 2
    assert store.rounds == [sessions]


async def test_a_round_under_way_answers_nobody_who_comes_later() -> None:
    session = uuid4()
    store = Store(session)
    look_ups = LookUps(store.ask)
    early = asyncio.create_task(look_ups.is_live(session))
    await _under_way()
    store.alive.clear()  # revoked, and acknowledged, before the next one asks
    late = asyncio.create_task(look_ups.is_live(session))
    await _under_way()
    assert len(store.rounds) == 1
    store.gate.set()
    assert await early is True
    assert await late is False


async def test_an_error_reaches_everybody_and_the_next_round_begins_anew() -> None:
    session = uuid4()
    store = Store(session)
    store.gate.set()
    store.error = StoreUnavailable("away")
    look_ups = LookUps(store.ask)
    asked = [asyncio.create_task(look_ups.is_live(session)) for _ in range(3)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(one, StoreUnavailable) for one in found)
    store.error = None
    assert await look_ups.is_live(session)


async def test_one_who_leaves_takes_nobody_along() -> None:
    session = uuid4()
    store = Store(session)
    look_ups = LookUps(store.ask)
    leaves, stays = (asyncio.create_task(look_ups.is_live(session)) for _ in range(2))
    await _under_way()
    leaves.cancel()
    store.gate.set()
    assert await stays
    with pytest.raises(asyncio.CancelledError):
        await leaves


async def test_many_go_in_rounds_of_bounded_size() -> None:
    sessions = [uuid4() for _ in range(1_234)]
    store = Store(*sessions)
    store.gate.set()
    look_ups = LookUps(store.ask)
    assert all(await asyncio.gather(*(look_ups.is_live(session) for session in sessions)))
    assert [len(asked) for asked in store.rounds] == [500, 500, 234]
