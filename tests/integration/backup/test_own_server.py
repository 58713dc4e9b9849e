"""A server of one's own: one login owns the schema and is no superuser, another serves, and nobody has granted it
anything yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr

from cluster import audit, bootstrap
from cluster.backup import work
from cluster.doctor import examined
from cluster.embedded import EmbeddedServers, Home
from configs.errors import ConfigurationError
from configs.settings import Settings
from migrations.run import head
from tests.platform import Platform


@dataclass(frozen=True)
class OwnServer:
    """A fresh server as an administrator leaves it who follows docs/OPERATIONS.md."""

    administrator: str
    owner: str
    login: str
    valkey: str

    def settings(self, settings: Settings) -> Settings:
        """Those settings over this server."""
        return settings.model_copy(
            update={
                "database_url": SecretStr(self.login),
                "database_owner_url": SecretStr(self.owner),
                "valkey_url": SecretStr(self.valkey),
            }
        )

    async def run(self, *statements: str) -> None:
        """As the administrator, in the new database."""
        connection = await asyncpg.connect(self.administrator)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture
async def own(tmp_path: Path, system_directory: Path) -> AsyncIterator[OwnServer]:
    async with EmbeddedServers(Home(tmp_path / "own"), system_directory=system_directory) as running:
        connection = await asyncpg.connect(running.postgres_url)
        for statement in (
            "create role school_owner login password 'x' createrole",
            "create role school_login login password 'x'",
            "create database school owner school_owner",
        ):
            await connection.execute(statement)
        await connection.close()
        address = urlsplit(running.postgres_url)._replace(path="/school")
        host = address.netloc.rpartition("@")[2]
        yield OwnServer(
            administrator=urlunsplit(address),
            owner=urlunsplit(address._replace(netloc=f"school_owner:x@{host}")),
            login=urlunsplit(address._replace(netloc=f"school_login:x@{host}")),
            valkey=running.valkey_url,
        )


_EXTENSION = "create extension vector with schema public"


async def test_the_first_migration_lets_the_login_serve(own: OwnServer, settings: Settings) -> None:
    await own.run(_EXTENSION)
    found = own.settings(settings)
    assert await bootstrap.prepare(found) == (None, head())
    assert await bootstrap.prepare(found) == (head(), head())
    assert [(one.name, one.detail) async for one in examined(found) if not one.ok] == []


async def test_an_owner_who_serves_too_may_take_the_roles(own: OwnServer, settings: Settings) -> None:
    await own.run(_EXTENSION)
    alone = own.settings(settings).model_copy(update={"database_url": SecretStr(own.owner), "database_owner_url": None})
    assert await bootstrap.prepare(alone) == (None, head())


async def test_an_owner_who_may_not_grant_says_who_shall(own: OwnServer, settings: Settings) -> None:
    await own.run(
        _EXTENSION, "alter role school_owner nocreaterole", "create role azora_app nologin",
        "create role azora_system nologin", "grant azora_app, azora_system to school_owner with admin option",
    )  # fmt: skip
    found = own.settings(settings)
    await bootstrap.prepare(found)
    await own.run(
        "revoke azora_app, azora_system from school_login granted by school_owner",
        "revoke admin option for azora_app, azora_system from school_owner cascade",
    )
    with pytest.raises(ConfigurationError, match="grant azora_app, azora_system to school_login;"):
        await bootstrap.prepare(found)


async def test_a_backup_is_restored(platform: Platform, settings: Settings, own: OwnServer, tmp_path: Path) -> None:
    org = await platform.create_organisation()
    learner = await org.person("student")
    made = await work.back_up(settings, tmp_path / "azora.backup")
    found = own.settings(settings)
    with pytest.raises(ConfigurationError, match="create extension vector"):  # no administrator has been here
        await work.restore(found, made.path)
    await own.run(_EXTENSION)
    restored = await work.restore(found, made.path)
    assert restored.manifest == made.manifest
    assert await audit.verify(found, None, ()), "the audit log does not verify"
    assert [(one.name, one.detail) async for one in examined(found) if not one.ok] == []
    async with Platform.running(found) as again:
        answer = await again.http.get("/api/users/me", headers={"authorization": learner.http.headers["authorization"]})
        assert answer.status_code == 200
    kept = await work.back_up(found, tmp_path / "again.backup")  # by an owner who is no superuser
    assert kept.manifest.tables.keys() == made.manifest.tables.keys()
