"""What Kafka can say went wrong, as the platform's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from stores.errors import StoreError, StoreUnavailable
from stores.event_log.claims import Fenced

_FENCED = {
    KafkaError._FENCED,
    KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_EPOCH,
    KafkaError.TRANSACTION_COORDINATOR_FENCED,
}


class KafkaUnavailable(StoreUnavailable):
    """No answer, or none that helps; the same may succeed later."""


class TopicMismatch(StoreError):
    """A topic is not as the event log needs it, and only an operator can change that."""


class Refused(StoreError):
    """Kafka will never take a message: it is too large, or against a rule of the cluster."""


def kafka_error(error: BaseException) -> KafkaError | None:
    """What Kafka's client says the matter is, if it says so."""
    found = error.args[0] if isinstance(error, KafkaException) and error.args else None
    return found if isinstance(found, KafkaError) else None


@contextmanager
def kafka_translated() -> Iterator[None]:
    """Turn what the client raises into `Fenced` or `KafkaUnavailable`."""
    try:
        yield
    except (KafkaException, BufferError, RuntimeError) as error:
        told = kafka_error(error)
        if told is not None and told.code() in _FENCED:
            raise Fenced(f"Kafka: {told.str()}") from error
        raise KafkaUnavailable(f"Kafka: {told.name()}: {told.str()}" if told else f"Kafka: {error}") from error
