"""Members that share a consumer's partitions: joining, leaving, dying, coming back from the dead."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from stores.event_log import claims
from stores.event_log.claims import Fenced
from stores.event_log.outbox import OutboxSource
from tests.integration.event_log.support import (
    NO_WAIT,
    Ledger,
    Log,
    by_writer,
    drain,
    eventually,
    running,
    twice,
)

HEARTBEAT = timedelta(milliseconds=100)
STALE = timedelta(milliseconds=600)
QUICK = {"heartbeat": timedelta(0), "stale_after": timedelta(seconds=60)}
MORTAL = {"heartbeat": HEARTBEAT, "stale_after": STALE}


async def _held(*members: OutboxSource) -> list[list[int]]:
    return [sorted(await member.claims()) for member in members]


async def test_partitions_are_shared_evenly_as_members_come_and_go(log: Log) -> None:
    name = Ledger(log).consumer
    a, b, c = (log.source(name, member, **QUICK) for member in "abc")
    assert await _held(a) == [[0, 1, 2, 3]]
    assert await _held(b, a, b, a) == [[], [0, 2], [1, 3], [0, 2]]
    assert await _held(c) == [[]]
    await _held(a, b)
    assert await _held(c, a, b) == [[2], [0, 3], [1]]
    await b.close()
    await _held(a, c)
    assert await _held(a, c) == [[0, 2], [1, 3]]
    await a.close()
    assert await _held(c) == [[0, 1, 2, 3]]


async def test_a_former_life_s_partitions_are_taken_up_at_once(log: Log) -> None:
    name = Ledger(log).consumer
    before = await log.source(name).claims()
    after = await log.source(name).claims()
    assert after.keys() == before.keys()
    assert all(after[partition].epoch == claim.epoch + 1 for partition, claim in before.items())


async def test_two_who_claim_at_the_same_moment(log: Log) -> None:
    name = Ledger(log).consumer
    async with log.database.transaction(None) as connection:
        await claims.register(connection, name, [log.topic])
    for _ in range(20):
        async with log.database.transaction(None, readonly=True) as connection:
            seen = list(await claims.board(connection, name))

        async def take(owner: str, seen: list[claims.Claim] = seen) -> set[int]:
            async with log.database.transaction(None) as connection:
                return set(await claims.assign(connection, name, owner, seen))

        first, second = await asyncio.gather(take("a"), take("b"))
        assert not first & second
        assert first | second == {0, 1, 2, 3}


async def test_a_claim_in_use_is_not_taken(log: Log) -> None:
    name = Ledger(log).consumer
    held = await log.source(name, "a").claims()
    async with log.database.transaction(None) as using, log.database.transaction(None) as other:
        await claims.advance(using, name, [held[1]])
        assert set(await claims.assign(other, name, "b", held.values())) == {0, 2, 3}


async def test_versions_grow_and_a_void_claim_is_fenced(log: Log) -> None:
    name = Ledger(log).consumer
    held = await log.source(name, "a").claims()

    async def advance() -> dict[int, int]:
        async with log.database.transaction(None) as connection:
            return await claims.advance(connection, name, held.values())

    first, second = await advance(), await advance()
    assert all(second[partition] == first[partition] + 1 for partition in held)
    async with log.database.transaction(None) as connection:
        assert set(await claims.seize(connection, name, "b", [2])) == {2}
    with pytest.raises(Fenced):
        await advance()


async def test_a_zombie_is_fenced_and_takes_its_place_among_the_living(log: Log) -> None:
    ledgers = [Ledger(log), Ledger(log)]
    ledgers[1].consumer = ledgers[0].consumer
    zombie, living = log.consumer(ledgers[0], "a", **MORTAL), log.consumer(ledgers[1], "b", **MORTAL)
    await log.fill(40)
    assert await drain(zombie) == 40
    await log.fill(40)
    await asyncio.sleep(STALE.total_seconds())
    await drain(living)
    assert len(await log.effects(ledgers[0].consumer)) == 80
    # It sleeps through all this, and then acts on claims it still believes in.
    await log.fill(40)
    zombie._source._renew_at = float("inf")  # type: ignore[attr-defined]
    with pytest.raises(Fenced):
        await zombie.turn(NO_WAIT)
    assert len(await log.effects(ledgers[0].consumer)) == 80
    async with running(zombie), running(living):

        async def shared() -> bool:
            return zombie.figures.partitions == living.figures.partitions == 2

        await eventually(shared)

        async def all_taken() -> bool:
            return len(await log.effects(ledgers[0].consumer)) >= 120

        await eventually(all_taken)
    assert len(await log.effects(ledgers[0].consumer)) == 120
    assert set(ledgers[0].forgotten) == {0, 1, 2, 3}


async def test_exactly_once_while_members_join_leave_and_die(log: Log) -> None:
    chance = random.Random(7)
    name = Ledger(log).consumer
    written = 0
    crowd: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}

    def join(member: str) -> None:
        consumer = log.consumer(Ledger(log, consumer=name), member, limit=20, **MORTAL)
        stop = asyncio.Event()
        crowd[member] = (asyncio.create_task(consumer.run(stop)), stop)

    async def leave(member: str, *, die: bool) -> None:
        task, stop = crowd.pop(member)
        if die:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            stop.set()
            await task

    for number in range(25):
        for partition in range(4):
            await log.append([f"p{partition}/{number * 4 + each}" for each in range(4)], partition)
            written += 4
        member = chance.choice("abc")
        if member not in crowd:
            join(member)
        elif chance.random() < 0.5:
            await leave(member, die=chance.random() < 0.5)
        await asyncio.sleep(chance.choice([0, 0.02, 0.1]))
    if not crowd:
        join("a")

    async def all_taken() -> bool:
        return await log.entries_taken(name) >= written

    await eventually(all_taken)
    async with AsyncExitStack() as stack:
        for member in list(crowd):
            stack.push_async_callback(leave, member, die=False)
    found = await log.effects(name)
    assert not twice(found)
    assert by_writer(found) == {f"p{partition}": list(range(100)) for partition in range(4)}


async def test_new_partitions_are_claimed_and_read(log: Log) -> None:
    ledger = Ledger(log)
    consumer = log.consumer(ledger, heartbeat=timedelta(0))
    await drain(consumer)
    await log.fetch("update event_log set partitions = 7")
    try:
        await log.append(["new"], partition=6)
        await drain(consumer)
        assert consumer.figures.partitions == 7
        assert await log.effects(ledger.consumer) == ["new"]
    finally:
        await log.fetch("update event_log set partitions = 4")


async def test_a_consumer_that_was_deleted_is_made_known_again(log: Log) -> None:
    ledger = Ledger(log)
    consumer = log.consumer(ledger, heartbeat=timedelta(0))
    await log.append(["one"])
    await drain(consumer)
    await log.fetch("delete from event_consumers where name = $1", ledger.consumer)
    async with running(consumer):

        async def again() -> bool:
            return await log.effects(ledger.consumer) == ["one", "one"]  # its positions are gone: from the start

        await eventually(again)
