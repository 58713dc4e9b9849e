"""A service on a database that takes no writes is not ready."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest

from cluster.embedded import EmbeddedServers, Home
from cluster.embedded.postgres import EmbeddedPostgres
from deployments.kit.health import readiness
from stores.errors import StoreUnavailable
from stores.postgres import Database


async def test_a_replica_is_not_ready_until_it_is_promoted(servers: Callable[..., EmbeddedServers], home: Home) -> None:
    async with servers() as first:
        connection = await asyncpg.connect(first.postgres_url)
        await connection.execute("create role azora_app nologin")
        await connection.close()
    (EmbeddedPostgres(home).directory / "standby.signal").touch()
    async with servers() as standby:
        database = Database(standby.postgres_url)
        try:
            with pytest.raises(StoreUnavailable, match="replica"):
                await database.ping()
            found = await readiness("users", {"postgresql": database.ping})
            assert (found.status, found.dependencies["postgresql"].status) == ("unavailable", "down")
            connection = await asyncpg.connect(standby.postgres_url)
            assert await connection.fetchval("select pg_promote()")
            await connection.close()
            assert (await readiness("users", {"postgresql": database.ping})).status == "ready"
        finally:
            await database.close()
