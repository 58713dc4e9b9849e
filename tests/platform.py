"""The platform's services in the test's own process, with organisations and people to act as."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from actors.conversation_memory.state import ConversationMemory
from actors.conversation_memory.store import ConversationKeeper
from actors.session_cache.state import RevocationFeed
from actors.session_cache.store import RevocationFollower
from cluster.embedded import EmbeddedServers
from configs.settings import Settings
from deployments.kit.passwords import Passwords
from deployments.kit.permissions import ROLES
from deployments.kit.service import ServiceHost
from deployments.registry import NAMES, service
from migrations.run import migrate
from stores import valkey
from stores.ids import new_id
from stores.postgres import Database
from stores.sealing import Keyring
from stores.signing_keys import ensure_keys

PASSWORD = "correct horse battery"


async def prepared(servers: EmbeddedServers, home: Path) -> Settings:
    """Settings over these servers, migrated, with keys; bcrypt at its cheapest, limits out of the way."""
    found = Settings(
        home=home,
        database_url=servers.postgres_url,
        valkey_url=servers.valkey_url,
        data_keys=Keyring.new_key("test"),
        bcrypt_cost=4,
        rate_limit="1000000/60s",
        rate_limit_anonymous="1000000/60s",
        rate_limit_credentials="1000000/60s",
    )
    await migrate(servers.postgres_url)
    database = Database.from_settings(found)
    assert found.data_keys is not None
    await ensure_keys(database, Keyring.parse(found.data_keys.get_secret_value()))
    await database.close()
    return found


@dataclass
class Account:
    """A signed-in person: `http` sends their token."""

    id: UUID
    email: str
    role: str
    org: Organisation
    http: httpx.AsyncClient
    refresh_token: str
    session_id: UUID


@dataclass
class Organisation:
    """A tenant; `people` by role, one each, made at first use."""

    id: UUID
    slug: str
    platform: Platform
    people: dict[str, Account] = field(default_factory=dict)

    async def person(self, role: str = "student", *, fresh: bool = False) -> Account:
        """Somebody with the role; with `fresh`, somebody new."""
        if fresh or role not in self.people:
            account = await self.platform.create_account(self, role)
            if fresh:
                return account
            self.people[role] = account
        return self.people[role]


@dataclass
class Platform:
    """All services behind one ASGI application."""

    settings: Settings
    host: ServiceHost
    database: Database
    http: httpx.AsyncClient
    memory: ConversationKeeper

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings) -> AsyncIterator[Platform]:
        """Open the services; what actors do is done in this process."""
        client = valkey.connect(settings)
        follower = RevocationFollower(client)
        database = Database.from_settings(settings)
        keeper = ConversationKeeper(database, settings.conversation_memory_bytes)
        tasks = [asyncio.create_task(work) for work in (follower.run(), keeper.run())]

        def feed(_settings: Settings) -> RevocationFeed:
            return follower

        def memory(_settings: Settings) -> ConversationMemory:
            return keeper

        host = ServiceHost([service(name) for name in NAMES], settings, feed, memory)
        await host.open()
        platform = cls(settings, host, database, cls._client(host), keeper)
        try:
            yield platform
        finally:
            await platform.http.aclose()
            await host.close()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await database.close()
            await client.aclose()

    @staticmethod
    def _client(host: ServiceHost, **headers: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(host), base_url="http://azora.test", headers=headers, timeout=30
        )

    async def create_organisation(self, registration: str = "open") -> Organisation:
        """A new tenant."""
        organisation = Organisation(new_id(), f"org-{new_id().hex[-12:]}", self)
        async with self.database.transaction(organisation.id) as connection:
            await connection.execute(
                "insert into organisations (id, slug, name, registration) values ($1, $2, $3, $4)",
                organisation.id, organisation.slug, f"Organisation {organisation.slug}", registration,
            )  # fmt: skip
        return organisation

    async def create_account(self, organisation: Organisation, role: str) -> Account:
        """A person with the role, signed in over HTTP."""
        assert role in ROLES
        user_id, email = new_id(), f"{role}-{new_id().hex[-12:]}@example.org"
        password_hash = await Passwords(4).hash(PASSWORD)
        async with self.database.transaction(organisation.id) as connection:
            await connection.execute(
                "insert into users (id, org_id, email, password_hash, first_name, last_name, role)"
                " values ($1, $2, $3, $4, 'Test', $5, $6)",
                user_id, organisation.id, email, password_hash, role, role,
            )  # fmt: skip
        return await self.sign_in(organisation, email, role=role)

    async def sign_in(
        self, organisation: Organisation, email: str, password: str = PASSWORD, role: str = ""
    ) -> Account:
        """Sign in over HTTP."""
        answer = await self.http.post(
            "/api/sessions", json={"organisation": organisation.slug, "email": email, "password": password}
        )
        assert answer.status_code == 201, answer.text
        tokens: dict[str, Any] = answer.json()
        http = self._client(self.host, authorization=f"Bearer {tokens['access_token']}")
        return Account(
            id=UUID(tokens["user_id"]),
            email=email,
            role=tokens["role"],
            org=organisation,
            http=http,
            refresh_token=tokens["refresh_token"],
            session_id=UUID(tokens["session_id"]),
        )
