"""A broker for the run, and an event log of each test's own: topics under its own prefix, shipped from here on."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from configs.settings import Settings
from stores.ids import new_id
from stores.postgres import Database
from tests.integration.kafka.broker import Broker, own_broker
from tests.integration.kafka.support import Log


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if configured := os.environ.get("AZORA_TEST_KAFKA"):
        yield Broker(configured)
        return
    found = own_broker(tmp_path_factory.mktemp("kafka"))
    found.start()
    try:
        yield found
    finally:
        found.kill()


@pytest.fixture(scope="session")
async def effects(settings: Settings) -> AsyncIterator[None]:
    """Where handlers of these tests take effect. Nothing in it keeps an effect from being there twice."""
    assert settings.database_url is not None
    owner = await asyncpg.connect(settings.database_url.get_secret_value())
    await owner.execute(
        "create table kafka_effects (number bigint generated always as identity, consumer text, topic text,"
        " subject text); grant all on kafka_effects to azora_system"
    )
    yield
    await owner.execute("drop table kafka_effects")
    await owner.close()


@pytest.fixture
async def log(settings: Settings, broker: Broker, effects: None) -> AsyncIterator[Log]:
    prefix = f"t{new_id().hex[-12:]}-"
    own = settings.model_copy(
        update={"kafka_bootstrap_servers": broker.bootstrap_servers, "kafka_topic_prefix": prefix}
    )
    database = Database.from_settings(own, role="azora_system")
    found = Log(own, database, new_id())
    await found.begin()
    yield found
    await found.end()
    await database.close()
