"""Constitutions are read once for all who ask, and never remembered for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from actors.governor import law as law_module
from actors.governor.law import Law, shipped
from stores.errors import StoreUnavailable

ORG = UUID(int=1)


class _Store:
    """A database that counts who reads, and answers when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = 0
        self.fails = False
        self.answers = asyncio.Event()
        self.now = 0.0
        monkeypatch.setattr(law_module, "_queries", self)
        monkeypatch.setattr(law_module, "time", SimpleNamespace(monotonic=lambda: self.now))

    @asynccontextmanager
    async def transaction(self, org_id: UUID, *, readonly: bool) -> AsyncIterator[None]:
        assert (org_id, readonly) == (ORG, True)
        yield

    async def in_force(self, _connection: None, *, org_id: UUID) -> Any:
        self.reads += 1
        await self.answers.wait()
        if self.fails:
            raise StoreUnavailable("gone")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> _Store:
    return _Store(monkeypatch)


@pytest.fixture
def law(store: _Store) -> Law:
    return Law(store)  # type: ignore[arg-type]


async def _begun() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_all_who_ask_at_once_wait_for_one_reading(store: _Store, law: Law) -> None:
    asking = [asyncio.create_task(law.in_force(ORG)) for _ in range(30)]
    await _begun()
    asking[0].cancel()
    store.answers.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [shipped()] * 29
    assert store.reads == 1


async def test_it_is_read_anew_beside_the_work_and_in_time(store: _Store, law: Law) -> None:
    store.answers.set()
    await law.in_force(ORG)
    store.answers.clear()
    store.now = 1.5
    assert await law.in_force(ORG) is shipped(), "nobody waits"
    await _begun()
    assert store.reads == 2
    store.now = 2.0
    waiting = asyncio.create_task(law.in_force(ORG))
    await _begun()
    assert not waiting.done(), "what is two seconds old is not used"
    store.answers.set()
    assert await waiting is shipped()
    assert store.reads == 2


async def test_a_failure_is_told_and_the_next_one_reads_again(store: _Store, law: Law) -> None:
    store.answers.set()
    store.fails = True
    for reads in (1, 2):
        with pytest.raises(StoreUnavailable):
            await law.in_force(ORG)
        assert store.reads == reads


async def test_what_was_being_read_when_it_was_replaced_is_not_remembered(store: _Store, law: Law) -> None:
    before = asyncio.create_task(law.in_force(ORG))
    await _begun()
    law.forget(ORG)
    after = asyncio.create_task(law.in_force(ORG))
    await _begun()
    assert store.reads == 2
    store.answers.set()
    await asyncio.gather(before, after)
    await law.in_force(ORG)
    assert store.reads == 2, "the second is remembered"
