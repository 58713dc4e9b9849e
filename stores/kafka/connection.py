"""From settings to the configuration of Kafka's clients."""

from __future__ import annotations

import logging
from typing import Any

from configs.settings import Settings

# What an answer may take before it counts as none.
ANSWER_SECONDS = 5.0

_RECONNECT_AT_MOST_MS = 2_000
_METADATA_AGE_MS = 30_000  # how soon a grown topic is noticed


def client_configuration(settings: Settings, name: str) -> dict[str, Any]:
    """What every client is configured with; `name` is how the cluster's own logs and metrics call it. Holds secrets."""
    assert settings.kafka_bootstrap_servers is not None
    found: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "client.id": f"azora-{name}",
        "security.protocol": settings.kafka_security_protocol,
        "reconnect.backoff.max.ms": _RECONNECT_AT_MOST_MS,
        "topic.metadata.refresh.interval.ms": _METADATA_AGE_MS,
        "socket.keepalive.enable": True,
        "log.connection.close": False,
        "logger": _library_logger(settings),
    }
    if settings.kafka_security_protocol.startswith("SASL_"):
        assert settings.kafka_sasl_password is not None
        found["sasl.mechanism"] = settings.kafka_sasl_mechanism
        found["sasl.username"] = settings.kafka_sasl_username
        found["sasl.password"] = settings.kafka_sasl_password.get_secret_value()
    if settings.kafka_ssl_ca is not None:
        found["ssl.ca.location"] = str(settings.kafka_ssl_ca)
    return found


def topic_name(settings: Settings, topic: str) -> str:
    """What a topic of the event log is called in Kafka."""
    return f"{settings.kafka_topic_prefix}{topic}"


def _library_logger(settings: Settings) -> logging.Logger:
    # The library tells of a broker that is away several times a second. We tell it once, by ourselves.
    logger = logging.getLogger("azora.kafka.client")
    logger.disabled = settings.log_level != "DEBUG"
    return logger
