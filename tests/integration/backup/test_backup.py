"""A backup is made, everything is lost, and it is restored: every row, sessions and figures go on."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from redis.exceptions import ResponseError

from actors.analytics_aggregator.aggregator import Aggregator
from cluster import audit
from cluster.backup import database, sessions, work
from cluster.backup.database import NotEmpty
from cluster.backup.sealed_file import BackupUnreadable
from cluster.embedded import EmbeddedServers, Home
from configs.settings import Settings
from stores import valkey
from stores.postgres import Database
from stores.sealing import Keyring
from stores.session_keys import EPOCH, REVOCATIONS, session_key, spent_key, user_key
from tests.platform import Account, Organisation, Platform


@pytest.fixture
async def lost_home(tmp_path: Path, system_directory: Path) -> AsyncIterator[EmbeddedServers]:
    """Servers that never held anything."""
    async with EmbeddedServers(Home(tmp_path / "new"), system_directory=system_directory) as running:
        yield running


def _on(servers: EmbeddedServers, settings: Settings) -> Settings:
    return settings.model_copy(
        update={"database_url": SecretStr(servers.postgres_url), "valkey_url": SecretStr(servers.valkey_url)}
    )


async def _course(teacher: Account) -> str:
    unit = {"kind": "text", "title": "One", "body": "Words."}
    body = {
        "title": "Kept", "description": "d", "category": "c", "modules": [{"title": "m", "units": [unit]}],
    }  # fmt: skip
    made = (await teacher.http.post("/api/courses", json=body)).json()
    assert (await teacher.http.post(f"/api/courses/{made['id']}/publish")).status_code == 200
    return str(made["id"])


@asynccontextmanager
async def _aggregating(settings: Settings) -> AsyncIterator[None]:
    stop, pool = asyncio.Event(), Database.from_settings(settings, role="azora_system")
    task = asyncio.create_task(Aggregator(settings, pool, "backup-test").run(stop))
    try:
        yield
    finally:
        stop.set()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await pool.close()


async def _enrolments_in_figures(admin: Account, wanted: int) -> int:
    for _ in range(200):
        totals = (await admin.http.get("/api/analytics/organisation")).json()["totals"]["figures"]
        if totals["enrollments"] == wanted:
            break
        await asyncio.sleep(0.1)
    return int(totals["enrollments"])


def _same_person(account: Account, platform: Platform, org: Organisation) -> Account:
    """The same token, sent to another installation."""
    token = account.http.headers["authorization"]
    http = platform._client(platform.host, authorization=token)
    return Account(account.id, account.email, account.role, org, http, account.refresh_token, account.session_id)


async def test_everything_goes_on_after_a_restore(
    platform: Platform, settings: Settings, lost_home: EmbeddedServers, tmp_path: Path
) -> None:
    source = settings.model_copy(update={"analytics_minimum_group": 1})
    org = await platform.create_organisation()
    teacher, admin = await org.person("instructor"), await org.person("org_admin")
    learners = [await org.person("student", fresh=True) for _ in range(3)]
    course = await _course(teacher)
    async with _aggregating(source):
        for learner in learners[:2]:
            assert (await learner.http.post("/api/enrollments", json={"course_id": course})).status_code == 201
        assert await _enrolments_in_figures(admin, 2) == 2
    ended = await org.person("student", fresh=True)
    await ended.http.delete("/api/sessions/current")

    made = await work.back_up(source, tmp_path / "azora.backup")
    after = await org.person("student", fresh=True)  # came too late for it
    assert made.manifest.sessions >= 5
    assert b"@example.org" not in made.path.read_bytes()
    assert made.path.stat().st_mode & 0o777 == 0o600

    target = _on(lost_home, source)
    restored = await work.restore(target, made.path)
    assert restored.manifest == made.manifest
    assert restored.rows > 20
    assert await audit.verify(target, None, ()), "the audit log does not verify"

    async with Platform.running(target) as again:
        others = {
            person.email: _same_person(person, again, org) for person in (*learners, teacher, admin, ended, after)
        }
        mine = (await others[learners[0].email].http.get("/api/enrollments")).json()
        assert [item["course_id"] for item in mine["items"]] == [course]
        refreshed = await again.http.post("/api/sessions/refresh", json={"refresh_token": learners[1].refresh_token})
        assert refreshed.status_code == 200, refreshed.text
        assert (await others[ended.email].http.get("/api/users/me")).status_code == 401
        assert (await others[after.email].http.get("/api/users/me")).status_code == 401
        async with _aggregating(target):
            third = others[learners[2].email]
            assert (await third.http.post("/api/enrollments", json={"course_id": course})).status_code == 201
            assert await _enrolments_in_figures(others[admin.email], 3) == 3


async def test_a_backup_is_restored_into_nothing_else(platform: Platform, settings: Settings, tmp_path: Path) -> None:
    made = await work.back_up(settings, tmp_path / "azora.backup")
    assert settings.database_url is not None
    before = await database.read_states(settings.database_url.get_secret_value())
    with pytest.raises(NotEmpty):
        await work.restore(settings, made.path)
    with pytest.raises(NotEmpty):
        await work.back_up(settings, made.path)
    assert await database.read_states(settings.database_url.get_secret_value()) == before


@pytest.mark.parametrize("harm", ["flipped", "cut", "longer", "swapped", "no-backup"])
async def test_a_damaged_backup_is_noticed_before_anything_is_written(
    platform: Platform, settings: Settings, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cluster.backup.sealed_file.CHUNK_BYTES", 4096)
    made = await work.back_up(settings, tmp_path / "azora.backup")
    content = bytearray(made.path.read_bytes())
    first = content.index(b"}", 15) + 1  # behind the header
    chunk = 4 + 4096 + 16
    if harm == "flipped":
        content[len(content) // 2] ^= 1
    elif harm == "cut":
        del content[-chunk:]
    elif harm == "longer":
        content += b"\0"
    elif harm == "swapped":
        one, two = content[first : first + chunk], content[first + chunk : first + 2 * chunk]
        content[first : first + 2 * chunk] = two + one
    else:
        content[:5] = b"other"
    made.path.write_bytes(content)
    with pytest.raises(BackupUnreadable):
        work.verify(settings, made.path)
    # Before it so much as looks at where it would go, which is not empty.
    assert settings.database_url is not None
    before = await database.read_states(settings.database_url.get_secret_value())
    with pytest.raises(BackupUnreadable):
        await work.restore(settings, made.path)
    assert await database.read_states(settings.database_url.get_secret_value()) == before


async def test_the_data_keys_open_it_and_nothing_else(platform: Platform, settings: Settings, tmp_path: Path) -> None:
    made = await work.back_up(settings, tmp_path / "azora.backup")
    stranger = settings.model_copy(update={"data_keys": SecretStr(Keyring.new_key("test"))})
    with pytest.raises(BackupUnreadable):
        work.verify(stranger, made.path)
    assert settings.data_keys is not None
    rotated = f"{Keyring.new_key('newer')},{settings.data_keys.get_secret_value()}"
    work.verify(settings.model_copy(update={"data_keys": SecretStr(rotated)}), made.path)


async def test_a_backup_that_fails_leaves_nothing(
    platform: Platform, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> AsyncIterator[bytes]:
        yield b"half"
        raise database.DumpFailed("pg_dump: the disk is gone")

    monkeypatch.setattr(database, "dump", broken)
    with pytest.raises(database.DumpFailed):
        await work.back_up(settings, tmp_path / "azora.backup")
    assert list(tmp_path.glob("**/*backup*")) == []  # noqa: ASYNC240


async def _serialised(client: Any, people: set[str], before: datetime) -> AsyncIterator[bytes]:
    """The lines of former releases, in whose time every key was as Valkey serialised it."""
    async for key in client.scan_iter(match="session*"):
        value = await client.dump(key)
        yield b"%s %d %s\n" % (base64.b64encode(key), await client.pexpiretime(key), base64.b64encode(value))


async def test_sessions_of_a_former_release_are_restored(
    platform: Platform,
    settings: Settings,
    lost_home: EmbeddedServers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner = await (await platform.create_organisation()).person("student", fresh=True)
    with monkeypatch.context() as former:
        former.setattr(work, "SESSIONS", "sessions.valkey")
        former.setattr(sessions, "dump", _serialised)
        former.setattr(sessions, "is_session", lambda line: True)
        made = await work.back_up(settings, tmp_path / "azora.backup")
    target = _on(lost_home, settings)
    assert (await work.restore(target, made.path)).sessions_lost is None
    async with Platform.running(target) as again:
        body = {"refresh_token": learner.refresh_token}
        assert (await again.http.post("/api/sessions/refresh", json=body)).status_code == 200


async def test_a_valkey_that_takes_no_sessions_costs_no_more_than_them(
    platform: Platform,
    settings: Settings,
    lost_home: EmbeddedServers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner = await (await platform.create_organisation()).person("student", fresh=True)
    made = await work.back_up(settings, tmp_path / "azora.backup")
    put = sessions._put
    taken: list[dict[str, Any]] = []

    async def refusing(client: Any, found: dict[str, Any]) -> None:
        if len(taken) == 2:
            raise ResponseError("DUMP payload version or checksum are wrong")
        taken.append(found)
        await put(client, found)

    monkeypatch.setattr(sessions, "_put", refusing)
    target = _on(lost_home, settings)
    restored = await work.restore(target, made.path)
    assert restored.sessions_lost == "DUMP payload version or checksum are wrong"
    async with _client(target) as client:
        assert [key async for key in client.scan_iter(match="session*")] == []
    async with Platform.running(target) as again:
        body = {"refresh_token": learner.refresh_token}
        assert (await again.http.post("/api/sessions/refresh", json=body)).status_code == 401
        assert (await again.http.get("/api/users/ready")).status_code == 200


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[Any]:
    client = valkey.connect(settings)
    try:
        yield client
    finally:
        await client.aclose()


async def test_values_come_back_as_they_were(settings: Settings) -> None:
    person, session = uuid4(), uuid4()
    odd = bytes(range(256))
    spent, owned = spent_key(session), user_key(person)
    async with _client(settings) as client:
        created = {"user": person.hex, "created_at": "1.5", odd: odd}
        await client.hset(session_key(session), mapping=created)
        await client.pexpire(session_key(session), 600_000)
        await client.zadd(spent, {odd: 1764487200.123456, b"plain": 0.1})
        await client.zadd(owned, {session.hex: 3})
        await client.xadd(REVOCATIONS, {b"sid": uuid4().hex, b"until": b"7.25"})
        await client.set(EPOCH, f"{uuid4().hex}:1.0", nx=True)
        lines = [line async for line in sessions.dump(client, {person.hex}, datetime.now(UTC))]
        keys = [session_key(session), spent, owned, REVOCATIONS, EPOCH]
        before = {key: await client.dump(key) for key in keys}
        left = {key: await client.pttl(key) for key in keys}

        async def given() -> AsyncIterator[bytes]:
            for line in lines:
                yield line

        await client.delete(session_key(session), spent, owned)
        await sessions.restore(client, given())
        assert {key: await client.dump(key) for key in keys[:3]} == {key: before[key] for key in keys[:3]}
        assert await client.get(EPOCH) is not None
        assert (await client.xrange(REVOCATIONS))[-1][1][b"until"] == b"7.25"
        for key in keys:
            assert await client.pttl(key) == pytest.approx(left[key], abs=60_000)
        await client.delete(session_key(session), spent, owned)
