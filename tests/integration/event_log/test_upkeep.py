"""Trimming the log, and telling how far consumers are behind."""

from __future__ import annotations

from datetime import timedelta

from stores.event_log import lag
from stores.event_log.settling import settle
from stores.event_log.trimming import TrimLog
from tests.integration.event_log.support import NO_WAIT, Ledger, Log, drain

DAY = timedelta(days=1)


async def _left(log: Log) -> list[str]:
    rows = await log.fetch("select event->>'subject' as subject from outbox where topic = $1 order by seq", log.topic)
    return [row["subject"] for row in rows]


async def _age(log: Log, subjects: list[str]) -> None:
    await log.fetch(
        "update outbox set created_at = now() - interval '2 days' where topic = $1 and event->>'subject' = any($2)",
        log.topic, subjects,
    )  # fmt: skip


async def test_only_what_is_old_and_taken_by_every_reader_goes(log: Log) -> None:
    fast, slow = log.consumer(Ledger(log)), log.consumer(Ledger(log), limit=2)
    trim = TrimLog(DAY)
    await log.append(["a", "b", "c", "d"])
    await _age(log, ["a", "b", "c"])
    await trim(log.database)
    assert await _left(log) == ["a", "b", "c", "d"]  # nobody reads it yet: somebody may come
    await slow.turn(NO_WAIT)
    await drain(fast)
    assert await trim(log.database) >= 2
    assert await _left(log) == ["c", "d"]
    await drain(slow)
    await trim(log.database)
    assert await _left(log) == ["d"]


async def test_a_reader_that_has_taken_nothing_holds_everything(log: Log) -> None:
    await drain(log.consumer(Ledger(log)))
    await log.source(Ledger(log).consumer).claims()
    await log.append(["a"])
    await drain(log.consumer(Ledger(log)))
    await _age(log, ["a"])
    await TrimLog(DAY)(log.database)
    assert await _left(log) == ["a"]


async def test_a_reader_of_other_topics_holds_nothing(log: Log) -> None:
    elsewhere = Log(log.settings, log.database, log.org_id)
    await elsewhere.source(Ledger(elsewhere).consumer).claims()
    await log.append(["a"])
    await drain(log.consumer(Ledger(log)))
    await _age(log, ["a"])
    await TrimLog(DAY)(log.database)
    assert await _left(log) == []


async def test_a_long_log_is_trimmed_whole_and_goes_on(log: Log) -> None:
    await log.fill(30_000)
    ledger = Ledger(log)
    consumer = log.consumer(ledger)
    await drain(consumer)
    await log.fetch("update outbox set created_at = now() - interval '2 days' where topic = $1", log.topic)
    assert await TrimLog(DAY)(log.database) >= 30_000
    assert await _left(log) == []
    await log.append(["next"])
    await drain(consumer)
    assert (await log.effects(ledger.consumer))[-1] == "next"


async def test_lag_is_what_has_not_been_taken_and_since_when(log: Log) -> None:
    ledger = Ledger(log)
    consumer = log.consumer(ledger, limit=3)
    await log.append(["a", "b", "c"])
    await consumer.turn(NO_WAIT)
    await log.append(["d", "e"], partition=2)
    await log.fetch(
        "update outbox set created_at = now() - interval '90 s' where topic = $1 and event->>'subject' = 'd'",
        log.topic,
    )
    async with log.database.transaction(None, readonly=True) as connection:
        shares = await lag.measure(connection, consumer=ledger.consumer)
        [own] = await lag.measure(connection, consumer=ledger.consumer, partitions=[2])
    assert [(share.partition, share.entries, share.taken) for share in shares] == [
        (0, 0, 3),
        (1, 0, 0),
        (2, 2, 0),
        (3, 0, 0),
    ]
    assert own.seconds >= 90
    assert shares[0].last_time is not None
    assert {share.owner for share in shares} == {"m"}
    consumer._measurements.due_at = 0
    await consumer.turn(NO_WAIT)
    assert (consumer.figures.lag_entries, consumer.figures.lag_seconds >= 90) == (2, True)


async def test_partitions_are_never_taken_away(log: Log) -> None:
    try:
        for wanted, expected in ((2, 4), (6, 6), (4, 6)):
            assert not await settle(log.database, wanted)
            assert await log.fetch("select partitions from event_log") == [{"partitions": expected}]
    finally:
        await log.fetch("update event_log set partitions = 4")


async def test_a_log_from_another_server_is_read_on(log: Log) -> None:
    """A dump brings numbers of transactions that this server has yet to give."""
    abroad = Log(log.settings, log.database, log.org_id, topic="course_events")
    ledger = Ledger(abroad)
    consumer = abroad.consumer(ledger, heartbeat=timedelta(0))
    await abroad.append(["taken"])
    await drain(consumer)
    await log.fetch(
        "update event_positions set xid = (xid::text::bigint + 1000000000)::text::xid8 where consumer = $1",
        ledger.consumer,
    )
    await abroad.append(["not taken"])
    await log.fetch(
        "update outbox set xid = (xid::text::bigint + 1000000000)::text::xid8"
        " where topic = 'course_events' and event->>'subject' in ('taken', 'not taken')"
    )
    assert await drain(abroad.consumer(ledger)) == 0  # though something waits
    assert await settle(log.database, 4)
    assert not await settle(log.database, 4)
    await abroad.append(["new"])
    await drain(abroad.consumer(ledger))
    assert (await abroad.effects(ledger.consumer))[-3:] == ["taken", "not taken", "new"]
