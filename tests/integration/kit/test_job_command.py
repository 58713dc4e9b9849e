"""`azora job` looks at the database before a job does, by the login that the job will have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import typer
from pydantic import SecretStr

from cluster.embedded import EmbeddedServers
from cluster.jobs_cli import _check_schema
from configs.settings import Settings
from migrations.run import head
from stores.errors import StoreUnavailable
from stores.ids import new_id

Make = Callable[[str | None], Awaitable[Settings]]


@pytest.fixture
async def made(settings: Settings, servers: EmbeddedServers) -> AsyncIterator[Make]:
    """Settings with a database at some revision, or at none, and a login that is worth nothing but for its roles."""
    name = f"job_{new_id().hex[-12:]}"
    address = urlsplit(servers.postgres_url)
    owner = await asyncpg.connect(servers.postgres_url)
    await owner.execute(f"create role {name} login noinherit password 'x'")
    await owner.execute(f"grant azora_app, azora_system to {name}")
    await owner.execute(f"create database {name}")

    async def make(revision: str | None) -> Settings:
        if revision is not None:
            here = await asyncpg.connect(urlunsplit(address._replace(path=f"/{name}")))
            await here.execute("create table alembic_version (version_num varchar(32) not null)")
            await here.execute("insert into alembic_version values ($1)", revision)
            await here.execute("grant select on alembic_version to azora_app")
            await here.close()
        host = address.netloc.rpartition("@")[2]
        url = urlunsplit(address._replace(netloc=f"{name}:x@{host}", path=f"/{name}"))
        return settings.model_copy(update={"database_url": SecretStr(url), "database_owner_url": None})

    yield make
    await owner.execute(f"drop database {name} with (force)")
    await owner.execute(f"drop role {name}")
    await owner.close()


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        (None, ("is empty", "azora migrate")),
        ("0001", ("0001", "azora migrate")),
        ("9999", ("9999", "Upgrade this code")),
    ],
)
async def test_what_a_database_needs_is_said(
    made: Make, revision: str | None, said: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        await _check_schema(await made(revision))
    told = capsys.readouterr().err
    assert all(words in told for words in said), told


async def test_a_database_of_this_code_will_do(made: Make, settings: Settings) -> None:
    await _check_schema(await made(head()))
    await _check_schema(settings)


async def test_a_database_that_is_away_is_an_error_of_ours(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:9/nothing")})
    with pytest.raises(StoreUnavailable):
        await _check_schema(away)
