"""The services behind a real port, and an agent of the test's own process that works through it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from actors.agent.making import live
from configs.settings import Settings
from deployments.kit.permissions import ROLES
from tests.integration.agents.support import Interposer
from tests.platform import Platform


@pytest.fixture(scope="session")
def interposer(platform: Platform) -> Interposer:
    """Stands between agents and services."""
    return Interposer(platform.host)


@pytest.fixture(scope="session")
async def services_url(interposer: Interposer) -> AsyncIterator[str]:
    """Where the platform's services answer over TCP."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(interposer, lifespan="off", log_level="error", access_log=False))
    serving = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture(scope="session")
def agent_settings(settings: Settings, services_url: str) -> Settings:
    return settings.model_copy(update={"services_url": services_url})


@pytest.fixture
async def agent(agent_settings: Settings) -> AsyncIterator[None]:
    """An agent that works for as long as the test does."""
    stop = asyncio.Event()
    living = asyncio.create_task(live(agent_settings, "agent-test", ROLES, stop))
    yield
    stop.set()
    await living
