"""What a database needs before the platform can serve from it."""

from __future__ import annotations

from configs.settings import Settings
from migrations.run import migrate
from stores.event_log.settling import settle
from stores.postgres import Database
from stores.sealing import Keyring
from stores.signing_keys import ensure_keys


def owner_url(settings: Settings) -> str:
    """The login that owns the schema."""
    url = settings.database_owner_url or settings.database_url
    assert url is not None
    return url.get_secret_value()


def keyring_of(settings: Settings) -> Keyring:
    """The data keys. Raises `ConfigurationError`."""
    assert settings.data_keys is not None
    return Keyring.parse(settings.data_keys.get_secret_value())


async def prepare(settings: Settings) -> tuple[str | None, str]:
    """Migrate, settle the event log, make sure of signing keys. Returns the revisions before and after.

    Safe to repeat.
    """
    revisions = await migrate(owner_url(settings))
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
