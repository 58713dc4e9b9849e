"""Whatever dies at the worst moment: nothing is lost, nothing counts twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import orjson
import pytest

from stores.errors import StoreUnavailable
from stores.event_log import positions
from stores.event_log.claims import Fenced
from stores.event_log.consumer import Member
from stores.event_log.types import Claim, Entry, Position
from stores.kafka.connection import topic_name
from stores.kafka.messages import message_of
from stores.kafka.producing import ClaimProducer
from stores.kafka.topics import ensure_topics
from tests.integration.kafka.broker import Broker
from tests.integration.kafka.support import READ, Ledger, Log, running
from tests.integration.kafka.test_members import traffic


def subjects(log: Log) -> list[str]:
    """What lies in Kafka, as readers of committed messages see it."""
    return [orjson.loads(message.value())["subject"] for topic in READ for message in log.messages(topic)]


async def until_taken(member: Member) -> None:
    """Rounds until something came."""
    while not await member.turn():
        pass


async def test_a_relay_that_dies_between_the_two_commits_sends_twice_and_it_counts_once(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append(200)
    relay = log.relay()

    async def die(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(positions, "store", die)
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await until_taken(relay)
    await log.append(50)
    ledger = Ledger()
    member = log.consumer(ledger)
    async with running(log.relay(), member):
        await log.check(ledger.consumer)
    times = Counter(await asyncio.to_thread(subjects, log))
    assert sorted(times) == sorted(log.written)
    assert sum(times.values()) == 3 * 200 + 50
    assert member.figures.duplicates == 2 * 200


async def test_a_relay_that_lost_its_claims_cannot_write_any_more(log: Log) -> None:
    await log.append(100)
    zombie = log.relay()
    await until_taken(zombie)
    held = dict(await zombie._source.claims())
    await log.append(20)
    while not (entries := await zombie._source.poll(100, timedelta(milliseconds=100))):
        pass
    successor = log.relay()  # restarted elsewhere, as it seemed dead
    while len(await asyncio.to_thread(subjects, log)) < 120:
        await successor.turn()
    with pytest.raises(Fenced):
        await zombie._taker.flush([zombie._taker.digest(entry) for entry in entries], held)
    assert sorted(await asyncio.to_thread(subjects, log)) == sorted(log.written)
    await successor._source.close()


async def test_the_right_to_write_is_the_newest_claim_s(log: Log) -> None:
    await ensure_topics(log.settings, log.database)
    entries = [Entry(READ[0], 0, Position(1, n), None, log.envelope(str(n), "k0")) for n in range(6)]
    former = await asyncio.to_thread(ClaimProducer, log.settings, Claim(0, 1))
    other = await asyncio.to_thread(ClaimProducer, log.settings, Claim(1, 1))
    await asyncio.to_thread(former.send, entries[:2])
    present = await asyncio.to_thread(ClaimProducer, log.settings, Claim(0, 2))
    with pytest.raises(Fenced):
        await asyncio.to_thread(former.send, entries[2:3])
    await asyncio.to_thread(present.send, entries[3:5])
    await asyncio.to_thread(other.send, entries[5:])
    assert await asyncio.to_thread(subjects, log) == ["0", "1", "3", "4", "5"]


async def test_what_a_dead_relay_left_open_holds_nobody_up_and_counts_once(log: Log) -> None:
    ledger = Ledger()
    await log.append(100)
    async with running(log.consumer(ledger)):
        await leave_open(log, 60)
        await asyncio.sleep(1)
        await log.append(100)
        async with running(log.relay()):
            await log.check(ledger.consumer, seconds=10)  # long before Kafka itself gives the transactions up
    assert sorted(await asyncio.to_thread(subjects, log)) == sorted(log.written)


async def leave_open(log: Log, count: int) -> None:
    """Be a relay that dies before it commits what it sent."""
    await ensure_topics(log.settings, log.database)
    source = log.relay()._source
    claims = await source.claims()
    entries = await source.poll(count, timedelta(seconds=5))
    for partition, claim in claims.items():
        producer = await asyncio.to_thread(ClaimProducer, log.settings, claim)
        producer._producer.begin_transaction()
        for entry in entries:
            if entry.partition == partition:
                producer._producer.produce(topic_name(log.settings, entry.topic), **message_of(entry))
        assert await asyncio.to_thread(producer._producer.flush, 10) == 0
        producer.drop()


async def test_a_broker_that_is_killed_and_comes_back_under_traffic(
    log: Log, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger()
    relay, members = log.relay(), [log.consumer(ledger, "first"), log.consumer(ledger, "second")]
    async with running(relay, *members):
        async with traffic(log):
            for away_seconds in (0.0, 2.0):
                await asyncio.sleep(3)
                broker.kill()
                await asyncio.sleep(away_seconds)
                await asyncio.to_thread(broker.start)
            await asyncio.sleep(1)
        try:
            await log.check(ledger.consumer)
        except TimeoutError:
            # The embedded one writes behind. Where the machine is so busy that nobody has read what it then forgets,
            # nothing can be asked of a relay that was told it is there.
            if "Kafka no longer has the next offset" in capsys.readouterr().out:
                pytest.skip("the broker lost what it had acknowledged")
            raise
    assert relay.figures.failures > 0
