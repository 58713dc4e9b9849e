"""A database of these tests' own, with an empty log and no figures for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr

from configs.settings import Settings
from migrations.run import migrate
from stores.ids import new_id
from stores.postgres import Database
from stores.sealing import Keyring
from stores.signing_keys import ensure_keys
from tests.integration.analytics_aggregator.support import Log
from tests.platform import Platform

_NAME = "azora_figures"
_EMPTIED = (
    "outbox, event_consumers, event_positions, event_members, event_claims, event_dead_letters, analytics_cells,"
    " analytics_learner_days, analytics_cohorts, analytics_pseudonyms"
)


@pytest.fixture(scope="session")
async def own_settings(settings: Settings) -> Settings:
    assert settings.database_url is not None
    assert settings.data_keys is not None
    shared = settings.database_url.get_secret_value()
    owner = await asyncpg.connect(shared)
    await owner.execute(f"drop database if exists {_NAME} with (force)")
    await owner.execute(f"create database {_NAME}")
    await owner.close()
    own = urlunsplit(urlsplit(shared)._replace(path=f"/{_NAME}"))
    await migrate(own)
    found = settings.model_copy(update={"database_url": SecretStr(own)})
    database = Database.from_settings(found)
    await ensure_keys(database, Keyring.parse(settings.data_keys.get_secret_value()))
    await database.close()
    return found


@pytest.fixture
async def log(own_settings: Settings) -> AsyncIterator[Log]:
    assert own_settings.database_url is not None
    owner = await asyncpg.connect(own_settings.database_url.get_secret_value())
    await owner.execute(f"truncate {_EMPTIED}")
    await owner.execute("update analytics_generation set current = 1, minutes_from = 'epoch', hours_from = 'epoch'")
    await owner.close()
    database = Database.from_settings(own_settings, role="azora_system")
    orgs = [new_id(), new_id()]
    async with database.transaction(None) as connection:
        await connection.executemany(
            "insert into organisations (id, slug, name, registration) values ($1, $2, 'Figures', 'closed')",
            [(org, f"figures-{org.hex[-12:]}") for org in orgs],
        )
    yield Log(own_settings, database, orgs)
    await database.close()


@pytest.fixture
async def own_platform(own_settings: Settings, log: Log) -> AsyncIterator[Platform]:
    """The services over the same database."""
    async with Platform.running(own_settings) as platform:
        yield platform
