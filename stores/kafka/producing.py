"""Writing one partition of the log to Kafka, in transactions, for one holder of the claim on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from configs.settings import Settings
from stores.event_log.types import Claim, Entry
from stores.kafka.connection import ANSWER_SECONDS, client_configuration, topic_name
from stores.kafka.errors import Refused, kafka_error, kafka_translated
from stores.kafka.messages import message_of

# Kafka ends a dead relay's transaction after this, where no successor has done so; until then readers wait.
_TRANSACTION_MS = 15_000
_FOR_GOOD = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_MSG_SIZE,
    KafkaError.INVALID_RECORD,
    KafkaError.POLICY_VIOLATION,
}


class ClaimProducer:
    """Writes what the holder of `claim` read. Blocks, so it belongs in a thread; one at a time may use it.

    To open it ends whatever former holders have begun and takes the right to write from them: the transactional id is
    the partition's. After any error it is of no more use. Raises `KafkaUnavailable` and `Fenced`.
    """

    def __init__(self, settings: Settings, claim: Claim) -> None:
        self.claim = claim
        self._settings = settings
        name = f"{settings.kafka_topic_prefix}azora-relay-{claim.partition}"
        with kafka_translated():
            self._producer: Any = Producer(
                client_configuration(settings, "relay")
                | {
                    "transactional.id": name,
                    "transaction.timeout.ms": _TRANSACTION_MS,
                    # Nothing is written while what precedes it may have failed: readers rely on there being no gaps.
                    "max.in.flight.requests.per.connection": 1,
                    "compression.type": "lz4",
                    "error_cb": _pass_over,  # whatever matters is raised as well
                }
            )
            self._producer.init_transactions(ANSWER_SECONDS)

    def send(self, entries: Sequence[Entry]) -> None:
        """Write entries in order, all of them or none.

        Raises `Refused` where Kafka will never take one of them: none was written. After any other error that is
        unknown.
        """
        refusals: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _message: Message) -> None:
            if error is not None and error.code() in _FOR_GOOD:
                refusals.append(error)

        with kafka_translated():
            try:
                self._producer.begin_transaction()
                for entry in entries:
                    topic = topic_name(self._settings, entry.topic)
                    self._producer.produce(topic, on_delivery=on_delivery, **message_of(entry))
                self._producer.commit_transaction(ANSWER_SECONDS)
            except KafkaException as error:
                told = kafka_error(error)
                refusal = told if told is not None and told.code() in _FOR_GOOD else next(iter(refusals), None)
                if refusal is None:
                    raise
                raise Refused(f"{refusal.name()}: {refusal.str()}") from error

    def drop(self) -> None:
        """Let go without finishing anything."""
        self._producer.purge()
        del self._producer


def _pass_over(_error: KafkaError) -> None:
    return None
