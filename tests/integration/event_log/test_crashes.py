"""Whatever is cut off at whatever moment, each event takes effect once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import asyncpg
import pytest

from stores.errors import StoreUnavailable
from stores.event_log.flushing import Flusher
from stores.event_log.types import Batch, Entry
from stores.postgres import Connection, Database
from tests.integration.event_log.support import NO_WAIT, Ledger, Log, by_writer, drain, eventually, running, twice


class Slow(Ledger):
    """Gives a cut the time to fall in the middle."""

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        await super().handle(connection, batches)
        await asyncio.sleep(0.005)


async def test_connections_cut_at_random_moments(log: Log) -> None:
    chance = random.Random(3)
    ledger = Slow(log)
    assert log.settings.database_url is not None
    owner = await asyncpg.connect(log.settings.database_url.get_secret_value())
    consumer = log.consumer(ledger, limit=15)
    writers, cuts = Database.from_settings(log.settings), 0
    async with running(consumer):
        for number in range(40):
            async with writers.transaction(log.org_id) as connection:
                for each in range(10):
                    await log.write(connection, f"p{number % 4}/{number // 4 * 10 + each}", number % 4)
            await asyncio.sleep(chance.uniform(0, 0.1))
            if chance.random() < 0.5:
                cuts += await owner.fetchval(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where application_name = 'azora/azora_system'"
                )

        async def all_taken() -> bool:
            try:
                return await log.entries_taken(ledger.consumer) >= 400
            except StoreUnavailable:
                return False

        await eventually(all_taken, 60)
    await owner.close()
    await writers.close()
    assert cuts > 4
    assert consumer.figures.failures > 0
    found = await log.effects(ledger.consumer)
    assert not twice(found)
    assert by_writer(found) == {f"p{partition}": list(range(100)) for partition in range(4)}


async def test_a_handler_whose_store_is_away_is_asked_again(log: Log) -> None:
    refusals = iter(range(3))

    def refuse(_event: object) -> None:
        if next(refusals, None) is not None:
            raise StoreUnavailable

    ledger = Ledger(log, refuse=refuse)
    consumer = log.consumer(ledger)
    await log.append(["one", "two"])
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await consumer.turn(NO_WAIT)
    await drain(consumer)
    assert await log.effects(ledger.consumer) == ["one", "two"]
    assert ledger.forgotten.count(0) >= 3
    assert consumer.figures.rejected == 0


async def test_a_commit_whose_answer_is_lost_counts(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(log)
    consumer = log.consumer(ledger)
    flusher = consumer._taker
    assert isinstance(flusher, Flusher)
    commit = flusher._commit
    lose = True

    async def forgetful(*args: object, **options: object) -> object:
        nonlocal lose
        outcome = await commit(*args, **options)  # type: ignore[arg-type]
        if lose:
            lose = False
            raise StoreUnavailable
        return outcome

    monkeypatch.setattr(flusher, "_commit", forgetful)
    await log.append(["one", "two"])
    with pytest.raises(StoreUnavailable):
        await consumer.turn(NO_WAIT)
    assert await drain(consumer) == 0
    assert await log.effects(ledger.consumer) == ["one", "two"]


async def test_a_cancelled_consumer_leaves_nothing_half_done(log: Log) -> None:
    ledger = Slow(log)
    await log.fill(200)
    for _ in range(15):
        task = asyncio.create_task(log.consumer(ledger, limit=20).run(asyncio.Event()))
        await asyncio.sleep(random.uniform(0.01, 0.08))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await drain(log.consumer(ledger))
    found = await log.effects(ledger.consumer)
    assert sorted(found, key=int) == [str(number) for number in range(200)]


async def test_entries_that_come_twice_count_once(log: Log) -> None:
    """A relay that died after sending sends again: the same positions at later offsets."""
    ledger = Ledger(log)
    consumer = log.consumer(ledger)
    source = consumer._source
    poll = source.poll

    async def stutter(*args: object) -> Sequence[Entry]:
        entries = await poll(*args)  # type: ignore[arg-type]
        return [*entries, *entries[-2:]]

    source.poll = stutter  # type: ignore[method-assign, assignment]
    await log.append(["one", "two", "three"])
    await consumer.turn(NO_WAIT)
    await log.append(["four"])
    await source.rewind()
    consumer._source._cursors = {}  # type: ignore[attr-defined]
    await consumer.turn(NO_WAIT)
    assert await log.effects(ledger.consumer) == ["one", "two", "three", "four"]
    assert consumer.figures.duplicates == 3
