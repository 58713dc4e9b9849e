"""`azora admin`: the few things that must work without the HTTP services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cluster.bootstrap import prepare
from cluster.console import fail, out, show_event
from cluster.installation import connected
from configs.settings import Settings
from deployments.kit.passwords import Passwords
from deployments.kit.work import Work
from deployments.users import administration as users
from stores import valkey
from stores.keyrings import keyring_of
from stores.postgres import Database
from stores.resealing import SEALED, Resealed, reseal
from stores.sealing import Keyring
from stores.sessions import SessionStore
from stores.signing_keys import reseal_keys, rotate_key

_SOURCE = "command-line"
_SIGNING_KEYS = "signing key(s)"
_PASSES = 5


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[tuple[Settings, Database]]:
    async with connected(settings, show_event) as found:
        await prepare(found)
        database = Database.from_settings(found)
        try:
            yield found, database
        finally:
            await database.close()


async def create_organisation(settings: Settings, slug: str, name: str, registration: str) -> None:
    """Create a tenant and print its id."""
    async with _database(settings) as (_, database):
        organisation = await users.create_organisation(database, slug=slug, name=name, registration=registration)
        out.print(f"Created organisation {organisation.slug} ({organisation.id}).")


async def create_user(settings: Settings, **person: str) -> None:
    """Create a person (`organisation`, `email`, `role`, `first_name`, `last_name`, `password`) and print the id."""
    async with _database(settings) as (found, database):
        user = await users.create_user(database, Passwords(found.bcrypt_cost), **person)
        out.print(f"Created {user.role} {user.email} ({user.id}).")


async def reset_password(settings: Settings, organisation: str, email: str, password: str) -> None:
    """Set a password and end the person's sessions."""
    async with _database(settings) as (found, database):
        client = valkey.connect(found)
        try:
            await users.reset_password(
                database,
                Passwords(found.bcrypt_cost),
                SessionStore(client, found),
                organisation=organisation,
                email=email,
                password=password,
            )
        finally:
            await client.aclose()
        out.print(f"The password of {email} is set; all of their sessions have ended.")


async def rotate_keys(settings: Settings) -> None:
    """A new signing key; and everything sealed under an older data key sealed again."""
    async with _database(settings) as (found, database):
        keyring = keyring_of(found)
        async with Work(database, None, _SOURCE) as work:
            kid = await rotate_key(await work.connection(), keyring, "access", found.access_token_lifetime)
            work.audit("signing_key.rotated", subject=kid, platform=True, purpose="access")
        out.print(f"New token signing key {kid}; it signs from a minute on, older tokens stay valid.")
        system = Database.from_settings(found, role="azora_system")
        try:
            passes = [one async for one in _passes(database, system, keyring)]
        finally:
            await system.close()
        changed = {what: sum(one[what].changed for one in passes) for what in passes[0]}
        async with Work(database, None, _SOURCE) as work:
            keys = changed[_SIGNING_KEYS]
            work.audit("data_key.rotated", subject=keyring.active, platform=True, signing_keys=keys)
    again = ", ".join(f"{count} {what}" for what, count in changed.items())
    out.print(f"Sealed again under {keyring.active!r}: {again}.")
    if broken := ", ".join(f"{found.broken} {what}" for what, found in passes[-1].items() if found.broken):
        fail(f"{broken} cannot be opened with any key in AZORA_DATA_KEYS.", "Add the key back.")
    if any(found.changed for found in passes[-1].values()):
        fail(
            "Somebody still seals under an older key.",
            "Find the process that has not read the keys; run `azora admin rotate-keys` again before you remove one.",
        )


async def _passes(database: Database, system: Database, keyring: Keyring) -> AsyncIterator[dict[str, Resealed]]:
    """Seal again until nothing is left over: a transaction that was open during one pass is met by the next."""
    for _ in range(_PASSES):
        found = {_SIGNING_KEYS: Resealed(await reseal_keys(database, keyring), 0)}
        found |= {sealed.what: await reseal(system, keyring, sealed) for sealed in SEALED}
        yield found
        if not any(one.changed for one in found.values()):
            return
