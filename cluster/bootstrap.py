"""What a database needs before the platform can serve from it."""

from __future__ import annotations

from cluster import admission, schema
from configs.settings import Settings
from migrations.run import migrate
from stores.event_log.settling import settle
from stores.keyrings import keyring_of
from stores.postgres import Database
from stores.signing_keys import ensure_keys


def owner_url(settings: Settings) -> str:
    """The login that owns the schema."""
    url = settings.database_owner_url or settings.database_url
    assert url is not None
    return url.get_secret_value()


async def prepare(settings: Settings) -> tuple[str | None, str]:
    """Migrate, let the login that serves take its roles, settle the event log, make sure of signing keys. Returns the
    revisions before and after. Where a vault makes the logins and the owner's is not known here, nothing is migrated,
    and the schema must be right already.

    Safe to repeat. Raises `ConfigurationError`, `SchemaDiffers`, `StoreError`.
    """
    if settings.vault_database_role is not None and settings.database_owner_url is None:
        found = await schema.require(settings)
        revisions: tuple[str | None, str] = (found, found)
    else:
        await schema.not_newer(owner_url(settings))
        revisions = await migrate(owner_url(settings))
        await admission.admit(settings, owner_url(settings))
    await _settle_event_log(settings)
    database = Database.from_settings(settings)
    try:
        await ensure_keys(database, keyring_of(settings))
    finally:
        await database.close()
    return revisions


async def _settle_event_log(settings: Settings) -> None:
    database = Database.from_settings(settings, role="azora_system")
    try:
        await settle(database, settings.event_partitions)
    finally:
        await database.close()
