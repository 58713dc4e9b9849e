"""An agent with everything that it needs, and its whole life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from actors.agent.calling import Http
from actors.agent.delegation import LIFETIME_SECONDS, Delegations
from actors.agent.limits import Limits
from actors.agent.run import Means
from actors.agent.worker import Agent
from actors.governor.law import Law
from configs.settings import Settings
from learning.governance.governor import LocalGovernor
from stores import valkey
from stores.access_tokens import TokenIssuer
from stores.keyrings import following_keyring
from stores.postgres import Database
from stores.sessions import SessionStore
from stores.signing_keys import KeyDirectory

Roles = Mapping[str, frozenset[str]]


def _nothing(point: str) -> None:
    """The trace of an agent that nobody tests."""


async def live(
    settings: Settings, owner: str, roles: Roles, stop: asyncio.Event, trace: Callable[[str], None] = _nothing
) -> None:
    """Work until stopped or idle for long. `roles` has the permissions of each role."""
    database = Database.from_settings(settings, role="azora_system")
    client = valkey.connect(settings)
    http = Http(settings.services_base_url)
    agent = Agent(settings, database, owner)
    law = Law(database)
    try:
        async with following_keyring(settings) as keyring:
            means = Means(
                store=agent.store,
                http=http,
                delegations=Delegations(
                    store=agent.store,
                    sessions=SessionStore(client, settings),
                    issuer=TokenIssuer(KeyDirectory(database), keyring, settings.issuer, LIFETIME_SECONDS),
                ),
                governor=LocalGovernor(law.in_force),
                law=law,
                permissions=lambda role: roles.get(role, frozenset()),
                later=agent.later,
                news=agent.tell,
                limits=Limits.of(settings),
                model=settings.agent_model,
                trace=trace,
            )
            await agent.run(means, stop)
    finally:
        await http.close()
        await client.aclose()
        await database.close()
