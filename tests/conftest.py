"""Fixtures of the tests that need real servers: PostgreSQL and Valkey, once per run, on Unix sockets.

`AZORA_TEST_DATABASE_URL` and `AZORA_TEST_VALKEY_URL` point the same tests at servers that run elsewhere.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from cluster.embedded import EmbeddedServers, Home
from configs.settings import Settings
from tests.platform import Platform, prepared

# A time limit on each example measures how busy the machine is, not what is tested.
hypothesis_settings.register_profile("azora", deadline=None)
hypothesis_settings.load_profile("azora")


@contextmanager
def _open_to_servers() -> Iterator[Path]:
    """Run as root, PostgreSQL works as another account, which cannot enter pytest's own directories."""
    with tempfile.TemporaryDirectory(prefix="azora-test-") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.fixture(scope="session")
def system_directory() -> Iterator[Path]:
    with _open_to_servers() as directory:
        yield directory


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a test has servers of its own."""
    with _open_to_servers() as directory:
        yield directory


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
    """Settings over the real servers."""
    return await prepared(servers, Path(tmp_path_factory.mktemp("azora")))


@pytest.fixture(scope="session")
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """Every service in this process, over the real stores; no Ray."""
    async with Platform.running(settings) as running:
        yield running
