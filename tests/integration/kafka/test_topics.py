"""The topics of the event log, and messages that a topic does not take."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import orjson
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from stores.event_log import dead_letters
from stores.events import TOPICS
from stores.kafka.connection import client_configuration, topic_name
from stores.kafka.errors import KafkaUnavailable, TopicMismatch
from stores.kafka.topics import ensure_topics
from tests.integration.kafka.support import PARTITIONS, READ, Ledger, Log, eventually, running
from tests.patience import PATIENCE_SECONDS

LETTERS = "select * from event_dead_letters where consumer = 'kafka-relay'"


def admin_of(log: Log) -> AdminClient:
    return AdminClient(client_configuration(log.settings, "test"))


def create(log: Log, topic: str, partitions: int, **config: str) -> None:
    new = NewTopic(topic_name(log.settings, topic), partitions, 1, config=config)
    admin = admin_of(log)
    for answer in admin.create_topics([new]).values():
        answer.result()


def partitions_of(log: Log) -> dict[str, int]:
    found = admin_of(log).list_topics(timeout=PATIENCE_SECONDS).topics
    names = {topic: topic_name(log.settings, topic) for topic in TOPICS}
    return {topic: len(found[name].partitions) for topic, name in names.items() if name in found}


def setting_of(log: Log, topic: str, name: str) -> str:
    resource = ConfigResource(ResourceType.TOPIC, topic_name(log.settings, topic))
    admin = admin_of(log)
    [answer] = admin.describe_configs([resource]).values()
    return str(answer.result()[name].value)


async def test_topics_are_made_once_with_partitions_and_retention(log: Log) -> None:
    settings = log.settings.model_copy(update={"kafka_retention": timedelta(days=3)})
    await asyncio.gather(*(ensure_topics(settings, log.database) for _ in range(3)))
    assert await asyncio.to_thread(partitions_of, log) == dict.fromkeys(TOPICS, PARTITIONS)
    for topic in TOPICS:
        assert await asyncio.to_thread(setting_of, log, topic, "retention.ms") == str(3 * 24 * 3600 * 1000)


async def test_smaller_topics_grow(log: Log) -> None:
    await asyncio.to_thread(create, log, READ[0], PARTITIONS - 2)
    await ensure_topics(log.settings, log.database)
    assert await asyncio.to_thread(partitions_of, log) == dict.fromkeys(TOPICS, PARTITIONS)


async def test_larger_topics_are_refused(log: Log) -> None:
    await asyncio.to_thread(create, log, READ[0], PARTITIONS + 1)
    with pytest.raises(TopicMismatch, match=READ[0]):
        await ensure_topics(log.settings, log.database)
    assert list(await asyncio.to_thread(partitions_of, log)) == [READ[0]]


async def test_replicas_that_the_cluster_cannot_have_are_refused(log: Log) -> None:
    settings = log.settings.model_copy(update={"kafka_replication_factor": 60})
    with pytest.raises(TopicMismatch, match="replica"):
        await ensure_topics(settings, log.database)


async def test_no_kafka_is_unavailable(log: Log) -> None:
    settings = log.settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(KafkaUnavailable):
        await ensure_topics(settings, log.database)


async def test_what_kafka_refuses_is_set_aside_and_shipped_when_it_may(log: Log) -> None:
    for topic in READ:
        await asyncio.to_thread(create, log, topic, PARTITIONS, **{"max.message.bytes": "4000"})
    ledger = Ledger()
    relay = log.relay()
    async with running(relay, log.consumer(ledger)):
        await log.append(30)
        await log.append(2, padding="".join(chr(0x4E00 + n * 7 % 20_000) for n in range(3_000)))
        await log.append(30)

        async def all_but_two() -> bool:
            letters = await log.fetch(LETTERS)
            return (len(await log.effects(ledger.consumer)), len(letters)) == (60, 2)

        await eventually(all_but_two)
        letters = await log.fetch(LETTERS)
        assert {letter["reason"] for letter in letters} == {"refused-by-kafka"}
        assert {orjson.loads(letter["body"])["subject"] for letter in letters} == set(log.written[30:32])
        await asyncio.to_thread(allow, log)
        async with log.database.transaction(None) as connection:
            assert await dead_letters.request_replay(connection, consumer="kafka-relay") == 2

        async def all_of_them() -> bool:
            return sorted(await log.effects(ledger.consumer)) == sorted(log.written)

        await eventually(all_of_them)
    assert await log.fetch(LETTERS) == []
    assert (relay.figures.rejected, relay.figures.replayed) == (2, 2)


def allow(log: Log) -> None:
    """Have the topics take large messages."""
    larger = ConfigEntry("max.message.bytes", "1000000", incremental_operation=AlterConfigOpType.SET)
    names = [topic_name(log.settings, topic) for topic in READ]
    admin = admin_of(log)
    resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[larger]) for name in names]
    for answer in admin.incremental_alter_configs(resources).values():
        answer.result()
