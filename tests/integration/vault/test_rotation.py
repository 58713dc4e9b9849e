"""Keys out of a vault rotate under everybody who has them: replicas, agents and the housekeeper, those that run and
those that are made anew with the settings of before."""

from __future__ import annotations

import pickle
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
import typer

from actors.governor.bias.watching import WatchDecisions
from cluster import administration
from cluster.vault_cli import rotate
from configs.settings import Settings
from jobs.data.platform import platform_settings
from stores import audit, vaulted
from stores.audit.sealing import SealAudit
from stores.ids import new_id
from stores.keyrings import keyring_of
from stores.postgres import Database
from stores.sealing import Keyring
from stores.sensitive import sensitive_context
from stores.vault import Vault, VaultAccess
from stores.vaulted import load_settings, with_vault
from tests.integration.agents.support import ask, listening, taught_course, until, working
from tests.integration.vault.conftest import name_vault
from tests.patience import PATIENCE_SECONDS, patiently
from tests.platform import Organisation, Platform
from tests.vault_server import Server

Meanwhile = Callable[[], Awaitable[None]]


@dataclass
class Installation:
    """A platform whose data keys are in the vault alone."""

    settings: Settings
    access: VaultAccess
    platform: Platform

    async def rotate(self, meanwhile: Meanwhile | None = None) -> Settings:
        """As `azora vault rotate-keys` does, which only waits for as long as it takes here; the settings afterwards.
        `meanwhile` is done while others need not have read yet that the new key seals."""
        name = f"k{new_id().hex[-8:]}"
        ring = self.platform.host.context.keyring
        pauses = 0

        async def pause(_seconds: float) -> None:
            nonlocal pauses
            pauses += 1
            if pauses == 2 and meanwhile is not None:
                await meanwhile()
            async for _ in patiently():
                if name in ring.keys if pauses == 1 else ring.active == name:
                    break

        async with Vault(self.access) as vault:
            await rotate(vault, self.settings, name, pause)
        assert pauses == 2
        fresh = load_settings()
        assert keyring_of(fresh).active == name
        return fresh


@pytest.fixture
async def installation(
    vault: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Installation]:
    """Settings as a replica has them whose environment says where the stores and the vault are, and has no key."""
    assert settings.database_url is not None
    assert settings.valkey_url is not None
    monkeypatch.setenv("AZORA_HOME", str(settings.home))
    monkeypatch.setenv("AZORA_DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("AZORA_VALKEY_URL", settings.valkey_url.get_secret_value())
    monkeypatch.setenv("AZORA_BCRYPT_COST", "4")
    monkeypatch.setenv("AZORA_ENVIRONMENT", "production")  # demands keys
    monkeypatch.setenv("AZORA_VAULT_REFRESH", "PT1S")
    monkeypatch.setenv("AZORA_VAULT_SECRET", "secret/rotating")
    access = vault.app_role()
    name_vault(monkeypatch, access)
    if not vault.has("secret/data/rotating"):  # what a test before has rotated, the database is sealed under
        assert settings.data_keys is not None
        vault.call("POST", "secret/data/rotating", {"data": {"data_keys": settings.data_keys.get_secret_value()}})
    found = load_settings()
    async with Platform.running(found) as platform:
        yield Installation(found, VaultAccess.from_settings(found) or access, platform)


def _handed_on(settings: Settings) -> Settings:
    """As an actor has them that is made, or made anew."""
    return with_vault(pickle.loads(pickle.dumps(settings)))


async def _overview(org: Organisation) -> None:
    """A task that an agent can only do with a token that it signs."""
    course = await taught_course(await org.person("instructor"))
    person = await org.person("student")
    await person.http.post("/api/enrollments", json={"course_id": course})
    made = await ask(person, "study_overview", {"course_id": course, "question": "Why?"})
    task = await until(person, made["id"])
    assert task["status"] == "succeeded", task


async def test_agents_act_after_a_rotation(installation: Installation) -> None:
    org = await installation.platform.create_organisation()
    async with listening(installation.platform.host) as url:
        of_before = installation.settings.model_copy(update={"services_url": url})
        async with working(of_before, "agent-from-before"):
            await installation.rotate()
            await _overview(org)
        async with working(_handed_on(of_before), "agent-made-anew"):
            await _overview(org)


async def test_the_housekeeper_seals_after_a_rotation(installation: Installation) -> None:
    system = Database.from_settings(installation.settings, role="azora_system")
    seals = SealAudit(installation.settings)
    try:
        await seals(system)
        await installation.rotate()
        anew = SealAudit(_handed_on(installation.settings))
        for duty in (seals, anew, seals):
            org_id = new_id()
            async with installation.platform.database.transaction(org_id) as connection:
                entry = audit.Entry(org_id=org_id, action="session.started", source="test", details={})
                await audit.append(connection, [entry])
            await duty(system)
            async with system.transaction(None, readonly=True) as connection:
                sealed = await connection.fetchval("select count(*) from audit_log where org_id = $1", org_id)
            assert sealed == 1
        await anew.aclose()
        assert await WatchDecisions(installation.settings)(system) >= 0
    finally:
        await seals.aclose()
        await system.close()


async def test_a_replica_that_starts_after_a_rotation_knows_the_key_at_once(installation: Installation) -> None:
    await installation.rotate()
    async with Platform.running(installation.settings) as started:
        org = await started.create_organisation()
        assert (await (await org.person()).http.get("/api/users/me")).status_code == 200


async def _seal(system: Database, ring: Keyring, user: UUID) -> None:
    """Seal a profile."""
    async with system.transaction(None) as connection:
        await connection.execute(
            "update users set sensitive = $2, sensitive_key_id = $3 where id = $1",
            user, ring.seal(b"what somebody said", sensitive_context(user)), ring.active,
        )  # fmt: skip


async def _sealed_under(system: Database, user: UUID) -> str:
    async with system.transaction(None, readonly=True) as connection:
        sealed = await connection.fetchval("select sensitive from users where id = $1", user)
    return Keyring.key_of(sealed)[0]


async def test_what_is_sealed_before_everybody_has_the_key_is_sealed_again(installation: Installation) -> None:
    person = await (await installation.platform.create_organisation()).person("student")
    system = Database.from_settings(installation.settings, role="azora_system")
    late = keyring_of(load_settings())
    try:
        fresh = await installation.rotate(lambda: _seal(system, late, person.id))
        assert await _sealed_under(system, person.id) == keyring_of(fresh).active != late.active
    finally:
        await system.close()


async def test_an_older_key_that_goes_on_sealing_is_told_of(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person = await (await installation.platform.create_organisation()).person("student")
    system = Database.from_settings(installation.settings, role="azora_system")
    late = keyring_of(load_settings())

    async def again_and_again(database: Database, keyring: Keyring) -> int:
        await _seal(system, late, person.id)
        return 0

    try:
        fresh = await installation.rotate()
        monkeypatch.setattr(administration, "reseal_keys", again_and_again)
        with pytest.raises(typer.Exit):
            await administration.rotate_keys(fresh)
        assert "still seals" in capsys.readouterr().err
    finally:
        await system.close()


async def test_a_job_finds_what_only_the_vault_has(installation: Installation) -> None:
    fresh = await installation.rotate()
    assert platform_settings().data_keys == fresh.data_keys


async def test_keys_that_somebody_nearer_names_are_not_followed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Keyring.new_key("own")
    monkeypatch.setenv("AZORA_DATA_KEYS", own)
    async with Platform.running(load_settings()) as started:
        assert set(started.host.context.keyring.keys) == {"own"}


async def test_what_is_handed_on_comes_from_the_vault_as_it_is_now(installation: Installation) -> None:
    before = installation.settings.model_copy(update={"services_url": "http://elsewhere"})
    fresh = await installation.rotate()
    found = _handed_on(before)
    assert found.data_keys == fresh.data_keys != before.data_keys
    assert found.services_url == "http://elsewhere"
    assert found.from_vault == before.from_vault


async def test_an_actor_that_is_made_while_the_vault_is_away_waits_for_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vaulted, "_RETRY_SECONDS", 0.05)
    monkeypatch.setenv("AZORA_VAULT_URL", "http://127.0.0.1:9")
    found: list[Settings] = []
    making = threading.Thread(target=lambda: found.append(_handed_on(installation.settings)), daemon=True)
    making.start()
    making.join(0.5)
    assert making.is_alive()
    monkeypatch.setenv("AZORA_VAULT_URL", installation.access.url)
    making.join(PATIENCE_SECONDS)
    assert found == [installation.settings]
