"""A log of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from configs.settings import Settings
from stores.ids import new_id
from stores.postgres import Database
from tests.integration.event_log.support import Log


@pytest.fixture(scope="session")
async def effects(settings: Settings) -> AsyncIterator[None]:
    """Where handlers of these tests take effect. Nothing in it keeps an effect from being there twice."""
    assert settings.database_url is not None
    owner = await asyncpg.connect(settings.database_url.get_secret_value())
    await owner.execute(
        "create table test_effects (number bigint generated always as identity, consumer text, partition integer,"
        " subject text, figure integer); grant all on test_effects to azora_system"
    )
    yield
    await owner.execute("drop table test_effects")
    await owner.close()


@pytest.fixture
async def log(settings: Settings, effects: None) -> AsyncIterator[Log]:
    database = Database.from_settings(settings, role="azora_system")
    org_id = new_id()
    async with database.transaction(None) as connection:
        await connection.execute(
            "insert into organisations (id, slug, name, registration) values ($1, $2, 'Log', 'closed')",
            org_id, f"log-{org_id.hex[-12:]}",
        )  # fmt: skip
    yield Log(settings, database, org_id)
    await database.close()
