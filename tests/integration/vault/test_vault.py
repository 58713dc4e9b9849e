"""Settings, keys and database logins out of a real vault."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from cluster.installation import environment
from configs.errors import ConfigurationError
from configs.settings import Settings
from stores import leases, vaulted
from stores import vault as vault_client
from stores.leases import DatabaseLogin
from stores.postgres import Database
from stores.sealing import Keyring
from stores.vault import Vault, VaultAccess, VaultRefused, VaultUnavailable
from stores.vault_keys import activate_data_key, announce_data_key, follow_data_keys
from tests.integration.vault.conftest import name_vault
from tests.patience import PATIENCE_SECONDS
from tests.vault_server import Server


async def test_settings_come_from_the_vault_under_the_environment(
    vault: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Keyring.new_key("k1")
    vault.write_settings(data_keys=key, issuer="from-the-vault", rate_limit="7/1s", log_level="ERROR")
    name_vault(monkeypatch, vault.app_role())
    monkeypatch.setenv("AZORA_ENVIRONMENT", "production")  # demands the keys that only the vault has
    monkeypatch.setenv("AZORA_LOG_LEVEL", "DEBUG")
    settings = vaulted.load_settings(issuer="from-the-caller")
    assert settings.data_keys is not None
    assert settings.data_keys.get_secret_value() == key
    assert str(settings.rate_limit) == "7/1s"
    assert settings.log_level == "DEBUG"
    assert settings.from_vault == {"data_keys", "rate_limit"}  # what nobody nearer named
    assert {"AZORA_DATA_KEYS", "AZORA_RATE_LIMIT"}.isdisjoint(environment(settings))
    assert settings.issuer == "from-the-caller"


async def test_a_misspelt_name_in_the_vault_is_refused_without_its_value(
    vault: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write_settings(data_keys=Keyring.new_key("k1"), smtp_ulr="smtp://user:hunter2@mail")
    name_vault(monkeypatch, vault.app_role())
    with pytest.raises(ConfigurationError) as caught:
        vaulted.load_settings()
    assert "smtp_ulr" in str(caught.value.problems)
    assert "hunter2" not in str(caught.value.problems)


async def test_refusals_and_absence_are_told_apart(vault: Server) -> None:
    access = vault.app_role()
    wrong = dataclasses.replace(access, secret_id=SecretStr("not-the-one"))
    with pytest.raises(VaultRefused) as caught:
        async with Vault(wrong) as client:
            await client.read_secret()
    assert "not-the-one" not in str(caught.value)
    with pytest.raises(VaultRefused):  # the policy has no such path
        async with Vault(dataclasses.replace(access, secret="secret/others")) as client:
            await client.read_secret()
    with pytest.raises(VaultUnavailable):
        async with Vault(dataclasses.replace(access, url="http://127.0.0.1:9")) as client:
            await client.read_secret()
    assert "not-the-one" not in repr(wrong)


async def test_a_revoked_token_is_replaced(vault: Server) -> None:
    vault.write_settings(issuer="one")
    async with Vault(vault.app_role()) as client:
        await client.read_secret()
        assert client._token is not None
        vault.call("POST", "auth/token/revoke", {"token": client._token.value})
        assert (await client.read_secret()).values == {"issuer": "one"}


async def test_a_data_key_rotates_without_a_restart(vault: Server) -> None:
    vault.write_settings(data_keys=Keyring.new_key("k1"), issuer="kept")
    access = vault.app_role()
    async with Vault(access) as client, AsyncExitStack() as held:
        rings = [Keyring.parse((await client.read_secret()).values["data_keys"]) for _ in range(2)]
        for ring in rings:
            await held.enter_async_context(_followed(access, ring))
        sealed_before = rings[0].seal(b"old", "row")
        await announce_data_key(client, "k2")
        await _until(lambda: all("k2" in ring.keys for ring in rings))
        assert {ring.active for ring in rings} == {"k1"}  # nobody seals with what another may not know yet
        await activate_data_key(client, "k2")
        await _until(lambda: all(ring.active == "k2" for ring in rings))
        assert rings[1].open(rings[0].seal(b"new", "row"), "row") == b"new"
        assert rings[1].open(sealed_before, "row") == b"old"
        assert (await client.read_secret()).values["issuer"] == "kept"
        with pytest.raises(VaultRefused):
            await announce_data_key(client, "k2")


@asynccontextmanager
async def _followed(access: VaultAccess, ring: Keyring) -> AsyncIterator[None]:
    async with Vault(access) as vault:
        task = asyncio.create_task(follow_data_keys(vault, ring, timedelta(seconds=0.1)))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_two_who_rotate_at_once_do_not_undo_each_other(vault: Server) -> None:
    vault.write_settings(data_keys=Keyring.new_key("k1"))
    async with Vault(vault.app_role()) as client:
        secret = await client.read_secret()
        await announce_data_key(client, "mine")
        with pytest.raises(VaultRefused):
            await client.write_secret({"data_keys": "theirs"}, over_version=secret.version)


async def test_kubernetes_authentication_sends_the_account_s_token(vault: Server, tmp_path: Any) -> None:
    """There is no Kubernetes here to review a token; the vault's own JWT method checks a signed one the same way."""
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    vault.call("POST", "sys/auth/cluster", {"type": "jwt"})
    vault.call("POST", "auth/cluster/config", {"jwt_validation_pubkeys": [public.decode()]})
    vault.call(
        "POST", "auth/cluster/role/azora",
        {"role_type": "jwt", "user_claim": "sub", "bound_subject": "system:serviceaccount:azora:azora-worker",
         "bound_audiences": ["vault"], "token_policies": ["azora"]},
    )  # fmt: skip
    vault.write_settings(issuer="in-a-pod")
    token = tmp_path / "token"
    access = VaultAccess(url=vault.url, kubernetes_role="azora", kubernetes_token=token, auth_mount="cluster")
    claims = {"sub": "system:serviceaccount:azora:azora-worker", "aud": "vault", **_valid_now()}
    token.write_text(jwt.encode(claims, key, algorithm="RS256"))
    async with Vault(access) as client:
        assert (await client.read_secret()).values == {"issuer": "in-a-pod"}
    token.write_text(jwt.encode({**claims, "sub": "system:serviceaccount:other:pod"}, key, algorithm="RS256"))
    with pytest.raises(VaultRefused):
        async with Vault(access) as client:
            await client.read_secret()


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew long before the end, so that a machine that stands still for seconds loses nothing."""
    monkeypatch.setattr(leases, "_RENEW_AT", 0.1)
    monkeypatch.setattr(leases, "_NEAR_THE_END", 0.9)
    monkeypatch.setattr(vault_client, "_RENEWED_AT", 0.2)
    monkeypatch.setattr(vault_client, "_NEAR_THE_END", 0.9)


@pytest.mark.usefixtures("early")
async def test_database_logins_are_renewed_exchanged_and_given_back(vault: Server, settings: Settings) -> None:
    """With leases of 30 s that cannot outlast 32 s, a pool works on under one login after the other."""
    role = _database_engine(vault, settings, ttl="30s", max_ttl="32s")
    seen = await _worked(settings, vault.app_role(), role, seconds=15)
    assert len(seen) >= 2
    await _gone(settings, seen)  # what was given back is gone, what was exchanged expires


@pytest.mark.usefixtures("early")
async def test_a_login_lasts_as_long_as_its_token_is_renewed(vault: Server, settings: Settings) -> None:
    """Its lease of two minutes would end with the first token after 30 s, in the midst of a transaction."""
    role = _database_engine(vault, settings, ttl="120s", max_ttl="300s")
    access = vault.app_role(name="short", token_ttl="30s")
    async with _transacting(settings, access, role):
        seen = await _worked(settings, access, role, seconds=34)
    assert len(seen) == 1
    await _gone(settings, seen)


@pytest.mark.usefixtures("early")
async def test_a_login_is_exchanged_before_its_token_ends_for_good(vault: Server, settings: Settings) -> None:
    """Leases of two minutes, under tokens that no renewal keeps beyond 34 s."""
    role = _database_engine(vault, settings, ttl="120s", max_ttl="300s")
    access = vault.app_role(name="mortal", token_ttl="30s", token_max_ttl="34s")
    seen = await _worked(settings, access, role, seconds=38)
    assert len(seen) >= 2
    await _gone(settings, seen)


async def _worked(settings: Settings, access: VaultAccess, role: str, *, seconds: float) -> set[str]:
    """The logins under which a pool worked for so long, without one failure."""
    seen: set[str] = set()
    database = _database(settings, access, role)
    try:
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            async with database.transaction(None) as connection:
                assert await connection.fetchval("select current_user") == "azora_app"
                seen.add(await connection.fetchval("select session_user"))
                await asyncio.sleep(0.1)
    finally:
        await database.close()
    return seen


@asynccontextmanager
async def _transacting(settings: Settings, access: VaultAccess, role: str) -> AsyncIterator[None]:
    """One transaction that goes on for all of the block."""
    database = _database(settings, access, role)
    try:
        async with database.transaction(None) as connection:
            yield
            await connection.fetchval("select 1")
    finally:
        await database.close()


def _database(settings: Settings, access: VaultAccess, role: str) -> Database:
    assert settings.database_url is not None
    return Database(settings.database_url.get_secret_value(), login=DatabaseLogin(Vault(access), role))


async def _gone(settings: Settings, names: set[str]) -> None:
    assert settings.database_url is not None
    owner = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        await _until_async(lambda: _roles(owner, names))
    finally:
        await owner.close()


def _valid_now() -> dict[str, int]:
    now = int(time.time())
    return {"iat": now - 60, "nbf": now - 60, "exp": now + 600}


def _database_engine(vault: Server, settings: Settings, *, ttl: str, max_ttl: str) -> str:
    assert settings.database_url is not None
    parts = urlsplit(settings.database_url.get_secret_value())
    host = parse_qs(parts.query)["host"][0]
    name = f"azora-{uuid4().hex[:8]}"
    vault.call(
        "POST", f"database/config/{name}",
        {"plugin_name": "postgresql-database-plugin", "allowed_roles": [name], "username": parts.username,
         "password": "unused", "connection_url": f"host={host} user={parts.username} dbname=azora sslmode=disable"},
    )  # fmt: skip
    create = (
        "create role \"{{name}}\" login password '{{password}}' valid until '{{expiration}}' "
        "in role azora_app, azora_system"
    )
    revoke = (
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = '{{name}}'",
        'drop role if exists "{{name}}"',
    )
    vault.call(
        "POST", f"database/roles/{name}",
        {"db_name": name, "creation_statements": [create], "revocation_statements": list(revoke),
         "default_ttl": ttl, "max_ttl": max_ttl},
    )  # fmt: skip
    return f"database/creds/{name}"


async def _roles(owner: Any, names: set[str]) -> bool:
    return not await owner.fetchval("select count(*) from pg_roles where rolname = any($1)", list(names))


async def _until(condition: Any, seconds: float = PATIENCE_SECONDS) -> None:
    async def check() -> bool:
        return bool(condition())

    await _until_async(check, seconds)


async def _until_async(condition: Any, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)
