"""From settings to the client's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import ConfigurationError
from configs.settings import Settings
from stores.kafka.connection import client_configuration, topic_name
from stores.vaulted import load_settings


def test_without_security_nothing_is_said_of_it() -> None:
    found = client_configuration(Settings(kafka_bootstrap_servers="a:1,b:2"), "relay")
    assert found["bootstrap.servers"] == "a:1,b:2"
    assert found["client.id"] == "azora-relay"
    assert found["security.protocol"] == "PLAINTEXT"
    assert not any(name.startswith(("sasl.", "ssl.")) for name in found)


def test_credentials_and_authorities_reach_the_client() -> None:
    settings = Settings(
        kafka_bootstrap_servers="a:1",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username="azora",
        kafka_sasl_password="hunter2",
        kafka_ssl_ca=Path("/etc/ca.pem"),
    )
    found = client_configuration(settings, "relay")
    assert (found["sasl.mechanism"], found["sasl.username"]) == ("SCRAM-SHA-512", "azora")
    assert (found["sasl.password"], found["ssl.ca.location"]) == ("hunter2", "/etc/ca.pem")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "at_fault"),
    [
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "AZORA_KAFKA_SASL_PASSWORD"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT", "AZORA_KAFKA_SASL_USERNAME"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS", "AZORA_KAFKA_SECURITY_PROTOCOL"),
        ("KAFKA_SASL_MECHANISM", "GSSAPI", "AZORA_KAFKA_SASL_MECHANISM"),
        ("KAFKA_TOPIC_PREFIX", "a b", "AZORA_KAFKA_TOPIC_PREFIX"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1, b:2", "AZORA_KAFKA_BOOTSTRAP_SERVERS"),
        ("KAFKA_BOOTSTRAP_SERVERS", "", "AZORA_KAFKA_BOOTSTRAP_SERVERS"),
        ("KAFKA_REPLICATION_FACTOR", "0", "AZORA_KAFKA_REPLICATION_FACTOR"),
        ("KAFKA_RETENTION", "PT1S", "AZORA_KAFKA_RETENTION"),
        ("EVENT_RELAY_ACTORS", "0", "AZORA_EVENT_RELAY_ACTORS"),
    ],
)
def test_what_cannot_work_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, at_fault: str
) -> None:
    monkeypatch.setenv(f"AZORA_{name}", value)
    with pytest.raises(ConfigurationError, match=at_fault):
        load_settings()


def test_topics_are_named_behind_the_prefix() -> None:
    assert topic_name(Settings(), "user_events") == "user_events"
    assert topic_name(Settings(kafka_topic_prefix="school."), "user_events") == "school.user_events"
