"""Where a consumer begins to read, and what it makes of messages that are in no place of the log."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from structlog.testing import capture_logs

from configs.settings import Settings
from stores.kafka.topics import ensure_topics
from tests.integration.kafka.support import READ, Ledger, Log, eventually, running

LETTERS = "select * from event_dead_letters where consumer = $1"


async def test_an_installation_moves_to_kafka_and_back(log: Log) -> None:
    ledger = Ledger()
    await log.skip_to_the_end(ledger.consumer)
    await log.append(150)
    async with running(log.outbox_consumer(ledger)):
        await log.check(ledger.consumer)
    await log.append(150)
    member = log.consumer(ledger)
    async with running(log.relay(), member):  # ships all that the outbox still has
        await log.append(150)
        await log.check(ledger.consumer)
    assert member.figures.duplicates == 150
    await log.append(150)
    async with running(log.outbox_consumer(ledger)):
        await log.check(ledger.consumer)


async def test_a_member_goes_on_where_the_former_one_stopped(log: Log) -> None:
    ledger = Ledger()
    async with running(log.relay()):
        for _ in range(2):
            await log.append(100)
            member = log.consumer(ledger)
            async with running(member):
                await log.check(ledger.consumer)
            assert (member.figures.events, member.figures.duplicates) == (100, 0)


async def test_what_is_not_wanted_is_passed_over(log: Log) -> None:
    ledger = Ledger()
    await log.skip_to_the_end(ledger.consumer)
    member = log.consumer(ledger, names=frozenset({"azora.course.deleted"}))
    async with running(log.relay(), member):
        await log.append(40, type="azora.course.published.v1", data={"what": "would be refused"})
        await log.append(1, type=["unhashable"])
        log.written.clear()
        await log.append(40)
        await log.check(ledger.consumer)
    assert (member.figures.events, member.figures.rejected) == (40, 0)


async def test_what_no_relay_wrote_is_set_aside(log: Log) -> None:
    ledger = Ledger()
    await ensure_topics(log.settings, log.database)
    strange = [b"", b"no JSON", b"[1]", orjson.dumps(log.envelope("k1/0", "k1"))]
    for value in strange:
        await asyncio.to_thread(log.produce, READ[1], value, 1)
    async with running(log.relay(), log.consumer(ledger)):
        await log.append(100)
        await asyncio.to_thread(log.produce, READ[1], b"in between", 2)
        await log.append(100)
        await log.check(ledger.consumer)

        async def set_aside() -> bool:
            return len(await log.fetch(LETTERS, ledger.consumer)) == 5

        await eventually(set_aside)
    letters = await log.fetch(LETTERS, ledger.consumer)
    assert sorted(letter["body"] for letter in letters) == sorted([*strange, b"in between"])
    assert {letter["reason"] for letter in letters} == {"no-position"}
    assert all(letter["kafka_offset"] is not None for letter in letters)


@pytest.mark.parametrize("offset", [10_000_000, "passed"])
async def test_an_offset_that_kafka_no_longer_has_is_told_and_passed(log: Log, offset: int | str) -> None:
    ledger = Ledger()
    async with running(log.relay()):
        await log.append(200)
        async with running(log.consumer(ledger)):
            await log.check(ledger.consumer)
        if offset == "passed":
            lost = await asyncio.to_thread(log.forget_the_beginning, READ[0])
            await log.fetch("update event_positions set kafka_offset = 0 where consumer = $1 and topic = $2",
                            ledger.consumer, READ[0])  # fmt: skip
        else:
            lost = 0
            await log.fetch("update event_positions set kafka_offset = $2 where consumer = $1",
                            ledger.consumer, offset)  # fmt: skip
        with capture_logs() as logs:
            await log.append(200)
            async with running(log.consumer(ledger)):
                await log.check(ledger.consumer)
    told = [line for line in logs if line["event"].startswith("events lost")]
    assert told
    assert all(line["log_level"] == "error" for line in told)
    assert max(line["lost"] for line in told) == lost


async def test_two_installations_share_a_cluster(log: Log, settings: Settings) -> None:
    ledger = Ledger()
    other = Log(log.settings.model_copy(update={"kafka_topic_prefix": f"{log.settings.kafka_topic_prefix}x-"}),
                log.database, log.org_id)  # fmt: skip
    await ensure_topics(other.settings, log.database)
    async with running(log.relay(), log.consumer(ledger)):
        await log.append(50)
        await log.check(ledger.consumer)
    assert [await asyncio.to_thread(other.messages, topic) for topic in READ] == [[], []]
