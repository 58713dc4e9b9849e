"""Reading in commit order: nothing lost, nothing twice, however late a transaction commits."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import pytest

from stores.event_log import outbox
from stores.event_log.planning import walk_the_index
from tests.integration.event_log.support import NO_WAIT, Ledger, Log, by_writer, drain, eventually, running, twice


async def test_a_late_commit_is_neither_lost_nor_overtaken(log: Log) -> None:
    ledger = Ledger(log)
    consumer = log.consumer(ledger)
    async with log.database.transaction(None) as first:
        await log.write(first, "first")  # the smaller xid and number …
        await log.append(["second"])  # … and committed later
        assert await consumer.turn(NO_WAIT) == 0
    assert await drain(consumer) == 2
    assert await log.effects(ledger.consumer) == ["first", "second"]


async def test_what_waited_for_another_transaction_comes_after_it(log: Log) -> None:
    """Though its transaction began, and has the smaller number."""
    ledger = Ledger(log)
    async with log.database.transaction(None) as early:
        await early.fetchval("select pg_current_xact_id()")
        await log.append(["committed meanwhile"])
        await log.write(early, "written after it")
    await drain(log.consumer(ledger))
    assert await log.effects(ledger.consumer) == ["committed meanwhile", "written after it"]


async def test_a_rollback_leaves_no_gap(log: Log) -> None:
    ledger = Ledger(log)
    with suppress(ZeroDivisionError):
        async with log.database.transaction(None) as connection:
            await log.write(connection, "never")
            raise ZeroDivisionError
    await log.append(["one", "two"])
    await drain(log.consumer(ledger))
    assert await log.effects(ledger.consumer) == ["one", "two"]


@pytest.mark.parametrize("seed", range(4))
async def test_many_writers_that_commit_whenever_they_like(log: Log, seed: int) -> None:
    chance = random.Random(seed)
    ledger = Ledger(log)
    written: dict[str, list[int]] = {}

    async def write(writer: str) -> None:
        partition, number = chance.randrange(4), 0
        for _ in range(12):
            with suppress(ZeroDivisionError):
                async with log.database.transaction(None) as connection:
                    mine = list(range(number, number + chance.randint(1, 3)))
                    for each in mine:
                        await log.write(connection, f"{writer}/{each}", partition)
                        await asyncio.sleep(chance.choice([0, 0, 0.002, 0.03]))
                    number = mine[-1] + 1
                    if chance.random() < 0.2:
                        raise ZeroDivisionError
                    written.setdefault(writer, []).extend(mine)

    async with running(log.consumer(ledger, limit=chance.choice([1, 7, 5_000]))):
        await asyncio.gather(*(write(f"w{index}") for index in range(8)))
        expected = sum(map(len, written.values()))

        async def all_taken() -> bool:
            return await log.entries_taken(ledger.consumer) >= expected

        await eventually(all_taken)
    found = await log.effects(ledger.consumer)
    assert not twice(found)
    assert by_writer(found) == written


async def test_what_was_polled_is_not_polled_again_until_rewound(log: Log) -> None:
    source = log.source(Ledger(log).consumer)
    await log.append(["one", "two", "three"])
    await source.claims()
    first = await source.poll(2, NO_WAIT)
    assert [entry.body["subject"] for entry in first] == ["one", "two"]  # type: ignore[index, call-overload]
    assert len(await source.poll(5, NO_WAIT)) == 1
    assert await source.poll(5, NO_WAIT) == []
    await source.rewind()
    await source.claims()
    assert len(await source.poll(5, NO_WAIT)) == 3


async def test_no_share_starves_beside_one_with_a_backlog(log: Log) -> None:
    await log.fill(400, partitions=1)
    await log.append(["alone"], partition=3)
    ledger = Ledger(log)
    consumer = log.consumer(ledger, limit=10)
    for _ in range(8):
        await consumer.turn(NO_WAIT)
    assert "alone" in await log.effects(ledger.consumer)


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
async def test_every_share_is_read_along_the_index(log: Log, plans: str) -> None:
    await log.fill(20_000)
    await log.execute_as_owner("analyze outbox")
    async with log.database.transaction(None) as connection:
        await connection.execute(f"set local plan_cache_mode = {plans}")
        await walk_the_index(connection)
        rows = await connection.fetch(
            f"explain {outbox._queries.read.sql}", [log.topic] * 4, [0, 1, 2, 3], ["0"] * 4, [0] * 4, None, 5_000
        )
    plan = "\n".join(row[0] for row in rows)
    assert "Index Scan using outbox_commit_order" in plan
    assert "Sort" not in plan
    assert "(xid < (InitPlan" in plan.split("Index Cond")[1].splitlines()[0]


async def test_what_is_not_wanted_is_passed_over_and_counts_as_taken(log: Log) -> None:
    ledger = Ledger(log)
    await log.append(["a", "b"])
    await log.append(["c"], type="azora.course.published.v1", data={"whatever": 1})
    await log.append(["d"], type=7)
    await log.append(["e"])
    await log.append(["f"], type="azora.course.deleted.v99")
    await drain(log.consumer(ledger, names=frozenset({"azora.course.deleted"})))
    assert await log.effects(ledger.consumer) == ["a", "b", "e"]
    assert await log.entries_taken(ledger.consumer) == 6
    letters = "select event_type, reason from event_dead_letters where consumer = $1"
    assert await log.fetch(letters, ledger.consumer) == [
        {"event_type": "azora.course.deleted.v99", "reason": "unknown-version"}
    ]
