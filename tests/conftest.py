"""Fixtures of the tests that need real servers: PostgreSQL and Valkey, once per run, on Unix sockets.

`AZORA_TEST_DATABASE_URL` and `AZORA_TEST_VALKEY_URL` point the same tests at servers that run elsewhere.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from cluster.embedded import EmbeddedServers, Home
from configs.settings import Settings
from migrations.run import migrate
from stores.postgres import Database
from stores.sealing import Keyring
from stores.signing_keys import ensure_keys
from tests.platform import Platform

# A time limit on each example measures how busy the machine is, not what is tested.
hypothesis_settings.register_profile("azora", deadline=None)
hypothesis_settings.load_profile("azora")


@pytest.fixture(scope="session")
def system_directory() -> Iterator[Path]:
    """Run as root, PostgreSQL works as another account, which cannot enter pytest's own directories."""
    with tempfile.TemporaryDirectory(prefix="azora-test-") as system:
        Path(system).chmod(0o711)
        yield Path(system)


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory, system_directory: Path) -> AsyncIterator[EmbeddedServers]:
    async with EmbeddedServers(
        Home(tmp_path_factory.mktemp("home", numbered=True)),
        postgres_url=os.environ.pop("AZORA_TEST_DATABASE_URL", None),
        valkey_url=os.environ.pop("AZORA_TEST_VALKEY_URL", None),
        system_directory=system_directory,
    ) as running:
        yield running


@pytest.fixture(scope="session")
async def settings(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings over the real servers, migrated, with keys; bcrypt at its cheapest, limits out of the way."""
    found = Settings(
        home=Path(tmp_path_factory.mktemp("azora")),
        database_url=servers.postgres_url,
        valkey_url=servers.valkey_url,
        data_keys=Keyring.new_key("test"),
        bcrypt_cost=4,
        rate_limit="1000000/60s",
        rate_limit_anonymous="1000000/60s",
        rate_limit_credentials="1000000/60s",
    )
    await migrate(servers.postgres_url)
    database = Database.from_settings(found)
    assert found.data_keys is not None
    await ensure_keys(database, Keyring.parse(found.data_keys.get_secret_value()))
    await database.close()
    return found


@pytest.fixture(scope="session")
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """Every service in this process, over the real stores; no Ray."""
    async with Platform.running(settings) as running:
        yield running
