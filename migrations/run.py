"""Bring a database to the newest revision, once, however many machines start at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

HERE = Path(__file__).parent
# One lock for every migration of every installation; the number has no meaning of its own.
_ADVISORY_LOCK = 8_206_219_773


def execute_file(name: str) -> None:
    """Run a SQL file of `migrations/sql` as one script (asyncpg's simple protocol takes many statements)."""
    connection = op.get_bind()
    script = (HERE / "sql" / name).read_text()
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.run_async(lambda driver: driver.execute(script))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> AsyncEngine:
    scheme, _, rest = url.partition("://")
    assert scheme in {"postgres", "postgresql"}
    return create_async_engine(f"postgresql+asyncpg://{rest}", poolclass=NullPool)


def head() -> str:
    """The newest revision this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def knows(revision: str) -> bool:
    """Whether this code has a revision: a database with another was migrated by newer code."""
    return revision in revisions()


def revisions() -> list[str]:
    """Every revision this code knows, the oldest first."""
    return [one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _upgrade(connection: Connection, to: str) -> tuple[str | None, str]:
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    before = MigrationContext.configure(connection).get_current_revision()
    if before != to:
        command.upgrade(_config(connection), to)
    return before, to


async def migrate(url: str, to: str | None = None) -> tuple[str | None, str]:
    """Upgrade the database at `url` (a login that owns the schema) to a revision, by default the newest. Returns the
    revisions before and after.

    Runs in one transaction: it is wholly done or not at all.
    """
    engine = _engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade, to or head())
    finally:
        await engine.dispose()


async def current(url: str) -> str | None:
    """The revision of the database at `url`, or None where nothing was ever migrated."""
    engine = _engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await engine.dispose()


def migrate_sync(url: str) -> tuple[str | None, str]:
    """`migrate` for callers without an event loop."""
    return asyncio.run(migrate(url))
