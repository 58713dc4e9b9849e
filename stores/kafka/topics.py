"""The topics of the event log in Kafka: made where they are absent, refused where they do not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from configs.settings import Settings
from stores.events import TOPICS
from stores.kafka.connection import ANSWER_SECONDS, client_configuration, topic_name
from stores.kafka.errors import KafkaUnavailable, TopicMismatch, kafka_error, kafka_translated
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "topics.sql")
log = structlog.get_logger("azora.kafka")

_CLUSTER_S_OWN = -1


async def ensure_topics(settings: Settings, database: Database) -> int:
    """Have every topic of the event log with exactly as many partitions as the log has; returns their number.

    Absent ones are created, with the retention and replication of the settings; smaller ones grow. Safe to be done by
    several at once. Raises `TopicMismatch` for a topic with more partitions (members would no longer be dealt the
    same partitions of every topic) and for what the cluster does not permit, `StoreUnavailable`.
    """
    async with database.transaction(None, readonly=True) as connection:
        partitions = int(await _queries.partitions(connection))
    await asyncio.to_thread(_ensure, settings, partitions)
    return partitions


def _ensure(settings: Settings, partitions: int) -> None:
    admin = AdminClient(client_configuration(settings, "topics"))
    with kafka_translated():
        present = _present(admin)
    wanted = [topic_name(settings, topic) for topic in TOPICS]
    _refuse_larger(present, wanted, partitions)
    absent = [name for name in wanted if name not in present]
    small = [name for name in wanted if present.get(name, partitions) < partitions]
    if absent:
        _settle(admin.create_topics([_new(settings, name, partitions) for name in absent], **_patience()))
        log.info("topics created", topics=absent, partitions=partitions)
    if small:
        _settle(admin.create_partitions([NewPartitions(name, partitions) for name in small], **_patience()))
        log.info("topics grown", topics=small, partitions=partitions)


def _present(admin: AdminClient) -> dict[str, int]:
    topics = admin.list_topics(timeout=ANSWER_SECONDS).topics
    return {name: len(topic.partitions) for name, topic in topics.items() if topic.error is None}


def _refuse_larger(present: Mapping[str, int], wanted: Sequence[str], partitions: int) -> None:
    if larger := {name: present[name] for name in wanted if present.get(name, 0) > partitions}:
        raise TopicMismatch(
            f"Kafka has topics with more than the event log's {partitions} partitions: {larger}."
            " Set AZORA_EVENT_PARTITIONS to their number, or choose another AZORA_KAFKA_TOPIC_PREFIX"
        )


def _new(settings: Settings, name: str, partitions: int) -> NewTopic:
    return NewTopic(
        name,
        num_partitions=partitions,
        replication_factor=settings.kafka_replication_factor or _CLUSTER_S_OWN,
        config={
            "retention.ms": str(int(settings.kafka_retention.total_seconds() * 1000)),
            "cleanup.policy": "delete",
        },
    )


def _patience() -> dict[str, float]:
    return {"request_timeout": ANSWER_SECONDS, "operation_timeout": ANSWER_SECONDS}


def _settle(asked: Mapping[str, Future[Any]]) -> None:
    for name, answer in asked.items():
        try:
            answer.result()
        except KafkaException as error:
            told = kafka_error(error)
            if told is None or told.retriable() or told.code() == KafkaError._TIMED_OUT:
                raise KafkaUnavailable(f"Kafka: topic {name}: {error}") from error
            if told.code() not in (KafkaError.TOPIC_ALREADY_EXISTS, KafkaError.INVALID_PARTITIONS):  # by somebody else
                raise TopicMismatch(f"Kafka refuses to create or grow the topic {name}: {told.str()}") from error
