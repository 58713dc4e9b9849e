from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from cluster.embedded import EmbeddedServers
from stores.ids import new_id


@pytest.fixture
async def empty(servers: EmbeddedServers) -> AsyncIterator[str]:
    """A database of the test's own."""
    name = f"steps_{new_id().hex[-12:]}"
    owner = await asyncpg.connect(servers.postgres_url)
    await owner.execute(f"create database {name}")
    yield urlunsplit(urlsplit(servers.postgres_url)._replace(path=f"/{name}"))
    await owner.execute(f"drop database {name} with (force)")
    await owner.close()
