"""A server that cannot have the extension is told so, and nothing is migrated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from cluster.embedded import EmbeddedServers
from configs.errors import ConfigurationError
from migrations.run import current, migrate
from stores.ids import new_id


@pytest.fixture
async def limited(servers: EmbeddedServers) -> AsyncIterator[str]:
    """A database of somebody's who owns it and is no superuser."""
    name = f"limited_{new_id().hex[-12:]}"
    owner = await asyncpg.connect(servers.postgres_url)
    await owner.execute(f"create role {name} login password 'x' nosuperuser")
    await owner.execute(f"grant azora_app, azora_system to {name} with admin option")
    await owner.execute(f"create database {name} owner {name}")
    address = urlsplit(servers.postgres_url)
    host = address.netloc.rpartition("@")[2]
    yield urlunsplit(address._replace(netloc=f"{name}:x@{host}", path=f"/{name}"))
    await owner.execute(f"drop database {name} with (force)")
    await owner.execute(f"drop owned by {name}")
    await owner.execute(f"drop role {name}")
    await owner.close()


@pytest.mark.usefixtures("platform")
async def test_who_may_not_create_the_extension_is_told_who_may(limited: str, servers: EmbeddedServers) -> None:
    with pytest.raises(ConfigurationError, match=r"may not create the extension \"vector\"\. Have an administrator"):
        await migrate(limited)
    assert await current(limited) is None
    path = urlsplit(limited).path
    administrator = await asyncpg.connect(urlunsplit(urlsplit(servers.postgres_url)._replace(path=path)))
    await administrator.execute("create extension vector schema public")
    await administrator.close()
    assert (await migrate(limited))[0] is None
