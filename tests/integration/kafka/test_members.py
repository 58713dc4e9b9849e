"""Members of a consumer that come, go and freeze while events flow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from stores.errors import StoreUnavailable
from stores.event_log.claims import Fenced
from tests.integration.kafka.support import PARTITIONS, Ledger, Log, eventually, running


@asynccontextmanager
async def traffic(log: Log) -> AsyncIterator[None]:
    """About a thousand events a second, until the block ends."""
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await log.append(50)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(write())
    try:
        yield
    finally:
        stop.set()
        await task


async def test_members_join_and_leave_during_traffic(log: Log) -> None:
    ledger = Ledger()
    first, second, third = (log.consumer(ledger, name) for name in ("first", "second", "third"))

    async def shared(*members: object) -> bool:
        held = [member.figures.partitions for member in (first, second, third) if member in members]
        return sum(held) == PARTITIONS and all(held)

    async with running(log.relay()), traffic(log):
        async with AsyncExitStack() as others:
            async with running(first):
                await eventually(lambda: shared(first))
                await others.enter_async_context(running(second))
                await eventually(lambda: shared(first, second))
                await others.enter_async_context(running(third))
                await eventually(lambda: shared(first, second, third))
            await eventually(lambda: shared(second, third))
        async with running(log.consumer(ledger, "fourth")):
            await asyncio.sleep(1)
    async with running(log.relay(), log.consumer(ledger, "last")):
        await log.check(ledger.consumer)


async def test_a_member_that_froze_has_no_effect_any_more(log: Log) -> None:
    ledger = Ledger()
    frozen = log.consumer(ledger, "frozen")
    async with running(log.relay()):
        await log.append(100)
        while not (entries := await frozen._source.poll(500, timedelta(milliseconds=100))):
            held = await frozen._source.claims()
        await frozen._source._group.leave()  # as Kafka sees to it, some seconds after the last sign of life
        async with running(log.consumer(ledger, "successor")):
            await log.check(ledger.consumer)
        with pytest.raises(Fenced):
            await frozen._taker.flush([frozen._taker.digest(entry) for entry in entries], held)
        await log.check(ledger.consumer)


async def test_a_store_that_fails_now_and_then_loses_nothing(log: Log) -> None:
    numbers = iter(range(100_000))

    def refuse(_event: object) -> None:
        if next(numbers) % 137 == 100:
            raise StoreUnavailable

    ledger = Ledger(refuse=refuse)
    member = log.consumer(ledger, limit=50)
    async with running(log.relay(), member):
        for _ in range(10):
            await log.append(100)
        await log.check(ledger.consumer)
    assert member.figures.failures >= 3
    assert member.figures.rejected == 0


async def test_a_second_process_under_a_name_takes_the_place_of_the_first(log: Log) -> None:
    ledger = Ledger()
    first, second = log.consumer(ledger, "same"), log.consumer(ledger, "same")
    async with running(log.relay(), first):
        await log.append(100)
        await log.check(ledger.consumer)
        async with running(second):

            async def replaced() -> bool:
                return (first.figures.partitions, second.figures.partitions) == (0, PARTITIONS)

            await eventually(replaced)
            await log.append(100)
            await log.check(ledger.consumer)
            assert second.figures.events >= 100
