"""From the outbox through Kafka to an effect in PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import datetime

import orjson

from stores.event_log.types import Position
from stores.kafka.messages import position_in
from tests.integration.kafka.support import READ, Ledger, Log, eventually, running


async def test_what_is_written_takes_effect_once_and_in_order(log: Log) -> None:
    ledger = Ledger()
    async with running(log.relay(), log.consumer(ledger)):
        for count in (1, 400, 1_200, 3):
            await log.append(count)
            await asyncio.sleep(0.2)
        await log.check(ledger.consumer)


async def test_messages_are_cloudevents_with_their_key_and_position(log: Log) -> None:
    await log.append(100)
    ledger = Ledger()
    async with running(log.relay(), log.consumer(ledger)):
        await log.check(ledger.consumer)
    rows = await log.fetch("select id, topic, key, partition, xid::text::bigint as xid, seq, event from outbox"
                           " where org_id = $1", log.org_id)  # fmt: skip
    sent = {message.value(): message for topic in READ for message in await asyncio.to_thread(log.messages, topic)}
    told = {orjson.loads(value)["id"]: message for value, message in sent.items()}
    assert len(told) == len(rows) == 100
    for row in rows:
        message = told[str(row["id"])]
        assert orjson.loads(message.value()) == row["event"]
        assert message.topic() == f"{log.settings.kafka_topic_prefix}{row['topic']}"
        assert (message.key(), message.partition()) == (row["key"].encode(), row["partition"])
        headers = dict(message.headers())
        assert headers["content-type"].startswith(b"application/cloudevents+json")
        assert position_in(message.headers()) == Position(row["xid"], row["seq"])


async def test_two_relays_share_the_partitions(log: Log) -> None:
    ledger = Ledger()
    relays = [log.relay("relay-a"), log.relay("relay-b")]
    async with running(*relays, log.consumer(ledger)):
        for _ in range(10):
            await log.append(100)
            await asyncio.sleep(0.1)
        await log.check(ledger.consumer)

        async def shared() -> bool:
            return [member.figures.partitions for member in relays] == [2, 2]

        await eventually(shared)


async def test_progress_is_told_in_postgresql_and_to_kafka_s_tools(log: Log) -> None:
    ledger = Ledger()
    member = log.consumer(ledger)
    async with running(log.relay(), member):
        await log.append(200)
        await log.check(ledger.consumer)
    rows = await log.fetch("select * from event_positions where consumer = $1 and entries > 0", ledger.consumer)
    assert sum(row["entries"] for row in rows) == 200
    assert all(isinstance(row["last_time"], datetime) and row["kafka_offset"] for row in rows)
    assert member.figures.duplicates == 0
    assert log.committed(ledger.consumer) == {(row["topic"], row["partition"]): row["kafka_offset"] for row in rows}
