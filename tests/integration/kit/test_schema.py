"""Commands look at the database before they use it, by the login that will; so does `azora doctor`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import typer
from pydantic import SecretStr

from cluster import bootstrap, schema
from cluster.console import explained
from cluster.doctor import Finding, examined
from cluster.embedded import EmbeddedServers
from configs.settings import Settings
from migrations.run import head
from stores import valkey
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
    found = await made(revision)
    with pytest.raises(typer.Exit), explained():
        await schema.require(found)
    told = capsys.readouterr().err
    assert all(words in told for words in said), told
    doctor = await _finding(found, "Schema")
    assert not doctor.ok
    assert said[0] in doctor.detail
    assert said[1] in doctor.remedy


async def test_a_database_of_this_code_will_do(made: Make, settings: Settings) -> None:
    found = await made(head())
    for each in (found, settings):
        assert await schema.require(each) == head()
        assert [one for one in await _findings(each) if not one.ok] == []
    assert await _named(found) == {"PostgreSQL", "Schema", "Application role", "Valkey", "Data keys"}  # no owner's URL


async def test_the_doctor_asks_the_owner_only_about_what_is_the_owner_s(made: Make, settings: Settings) -> None:
    """An owner who is well says nothing of the login that serves, and the other way round."""
    found = await made(head())
    assert found.database_url is not None
    assert settings.database_url is not None
    served = found.model_copy(update={"database_owner_url": found.database_url})
    assert not (await _finding(served, "Owner")).ok  # it owns nothing
    assert (await _finding(served, "Schema")).ok
    owned = settings.model_copy(update={"database_owner_url": settings.database_url})
    assert (await _finding(owned, "Owner")).ok
    away = owned.model_copy(update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:9/nothing")})
    assert (await _finding(away, "Owner")).ok
    assert not (await _finding(away, "PostgreSQL")).ok
    assert not (await _finding(away, "Schema")).ok


async def test_the_doctor_takes_a_login_that_may_not_look_at_valkey(settings: Settings) -> None:
    name = f"narrow_{new_id().hex[-12:]}"
    client = valkey.connect(settings)
    await client.execute_command("ACL", "SETUSER", name, "on", ">x", "~*", "&*", "+@all", "-@dangerous")
    try:
        assert settings.valkey_url is not None
        address = settings.valkey_url.get_secret_value().replace("://", f"://{name}:x@", 1)
        finding = await _finding(settings.model_copy(update={"valkey_url": SecretStr(address)}), "Valkey")
    finally:
        await client.execute_command("ACL", "DELUSER", name)
        await client.aclose()
    assert finding.ok
    assert "may not ask" in finding.detail
    assert "keeps an append-only file" in (await _finding(settings, "Valkey")).detail


async def test_a_database_that_is_away_is_an_error_of_ours(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:9/nothing")})
    with pytest.raises(StoreUnavailable):
        await schema.require(away)


async def _findings(settings: Settings) -> list[Finding]:
    return [finding async for finding in examined(settings)]


async def _named(settings: Settings) -> set[str]:
    return {finding.name for finding in await _findings(settings)}


async def _finding(settings: Settings, name: str) -> Finding:
    return next(finding for finding in await _findings(settings) if finding.name == name)


async def test_code_gone_back_says_so_before_it_migrates(
    made: Make, servers: EmbeddedServers, capsys: pytest.CaptureFixture[str]
) -> None:
    """Replicas serve from a schema that is newer than they; whatever sets up or administers does not."""
    found = await made("9999")
    assert found.database_url is not None
    database = urlsplit(found.database_url.get_secret_value()).path
    owner = SecretStr(urlunsplit(urlsplit(servers.postgres_url)._replace(path=database)))
    with pytest.raises(typer.Exit), explained():
        await bootstrap.prepare(found.model_copy(update={"database_owner_url": owner}))
    said = capsys.readouterr().err
    assert "9999" in said
    assert "Upgrade this code" in said
