"""The services behind a real port, and an agent of the test's own process that works through it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from configs.settings import Settings
from tests.integration.agents.support import Interposer, listening, working
from tests.platform import Platform


@pytest.fixture(scope="session")
def interposer(platform: Platform) -> Interposer:
    """Stands between agents and services."""
    return Interposer(platform.host)


@pytest.fixture(scope="session")
async def services_url(interposer: Interposer) -> AsyncIterator[str]:
    """Where the platform's services answer over TCP."""
    async with listening(interposer) as url:
        yield url


@pytest.fixture(scope="session")
def agent_settings(settings: Settings, services_url: str) -> Settings:
    return settings.model_copy(update={"services_url": services_url})


@pytest.fixture
async def agent(agent_settings: Settings) -> AsyncIterator[None]:
    """An agent that works for as long as the test does."""
    async with working(agent_settings):
        yield
