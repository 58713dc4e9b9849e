"""Whether the database is at the revision that this code needs, as the login sees it that will serve from it.

The owner's login may be known to nobody here, and a vault may make the other.
"""

from __future__ import annotations

from configs.errors import AzoraError
from configs.settings import Settings


class SchemaDiffers(AzoraError):
    """The database is at another revision than this code needs; `remedy` says what to do about it."""

    type = "schema-differs"
    title = "The schema is not the one that this code needs"

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


async def not_newer(owner_url: str) -> None:
    """That the database was not migrated by newer code, which this could neither migrate further nor understand.
    Raises `SchemaDiffers`.
    """
    from migrations.run import current, knows

    revision = await current(owner_url)
    if revision is not None and not knows(revision):
        raise _newer(revision)


def _newer(revision: str) -> SchemaDiffers:
    from migrations.run import head

    detail = f"The database is at revision {revision}, and this code knows none later than {head()}."
    return SchemaDiffers(detail, "Upgrade this code.")


async def require(settings: Settings) -> str:
    """The revision, where it is the right one. Raises `SchemaDiffers`, `StoreError`."""
    from migrations.run import head, knows

    revision = await _revision(settings)
    if revision is None:
        raise SchemaDiffers("The database is empty.", _remedy(settings, or_up=True))
    if not knows(revision):
        raise _newer(revision)
    if revision != head():
        detail = f"The database is at revision {revision}, and this code needs {head()}."
        raise SchemaDiffers(detail, _remedy(settings))
    return revision


def _remedy(settings: Settings, *, or_up: bool = False) -> str:
    if settings.vault_database_role is not None and settings.database_owner_url is None:
        return "Run `azora migrate` with AZORA_DATABASE_OWNER_URL: logins that a vault makes own no tables."
    return f"Run {'`azora up`, which sets everything up, or ' if or_up else ''}`azora migrate`."


async def _revision(settings: Settings) -> str | None:
    """What the database is at; None where nothing was ever migrated."""
    import asyncpg

    from stores.errors import StoreError
    from stores.postgres import Database

    database = Database.from_settings(settings)
    try:
        async with database.single_statements() as connection:
            found: str | None = await connection.fetchval("select version_num from alembic_version")
            return found
    except StoreError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError | asyncpg.InvalidParameterValueError):
            return None  # neither tables nor, on a server that has never had them, the application's roles
        raise
    finally:
        await database.close()
