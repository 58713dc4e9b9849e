"""The Valkey user of cluster/terraform may do what the platform and a restore ask of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from pydantic import SecretStr

from cluster.backup import sessions
from configs.settings import Settings
from stores import valkey
from tests.platform import Platform

STORES = Path(__file__).parents[3] / "cluster" / "terraform" / "stores.tf"
NAME, PASSWORD = "from-terraform", "not-a-secret"


@pytest.fixture
async def limited(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with a user as Terraform makes it."""
    found = re.search(r'access_string = "(.+)"', STORES.read_text())
    assert found is not None
    assert settings.valkey_url is not None
    administrator = valkey.connect(settings)
    await administrator.execute_command("ACL", "SETUSER", NAME, "reset", f">{PASSWORD}", *found[1].split())
    parts = urlsplit(settings.valkey_url.get_secret_value())
    place = parts.netloc.rpartition("@")[2]
    url = urlunsplit(parts._replace(netloc=f"{NAME}:{PASSWORD}@{place}"))
    try:
        yield settings.model_copy(update={"valkey_url": SecretStr(url)})
    finally:
        await administrator.acl_deluser(NAME)
        await administrator.aclose()


async def test_the_platform_works(limited: Settings) -> None:
    async with Platform.running(limited) as platform:
        org = await platform.create_organisation()
        learner = await org.person("student", fresh=True)
        assert (await learner.http.get("/api/users/me")).status_code == 200
        body = {"refresh_token": learner.refresh_token}
        assert (await platform.http.post("/api/sessions/refresh", json=body)).status_code == 200
        assert (await learner.http.delete("/api/sessions/current")).status_code == 204
        assert (await learner.http.get("/api/users/me")).status_code == 401
        assert (await platform.http.get("/api/sessions/ready")).status_code == 200


async def test_sessions_are_backed_up_and_restored(limited: Settings) -> None:
    async with Platform.running(limited) as platform:
        learner = await (await platform.create_organisation()).person("student", fresh=True)
        client = valkey.connect(limited)
        try:
            people = {learner.id.hex}
            later = datetime.now(UTC) + timedelta(minutes=1)
            lines = [line async for line in sessions.dump(client, people, later)]
            assert any(sessions.is_session(line) for line in lines)

            async def again() -> AsyncIterator[bytes]:
                for line in lines:
                    yield line

            await sessions.restore(client, again())
            assert (await learner.http.get("/api/users/me")).status_code == 200
            assert (await client.info("server"))["tcp_port"] is not None  # `azora doctor` asks
        finally:
            await client.aclose()


async def test_nothing_else_that_is_dangerous(limited: Settings) -> None:
    client = valkey.connect(limited)
    try:
        for command in (["FLUSHALL"], ["CONFIG", "GET", "*"], ["ACL", "LIST"], ["SHUTDOWN"], ["KEYS", "*"]):
            with pytest.raises(Exception, match="permission"):
                await client.execute_command(*command)
    finally:
        await client.aclose()
