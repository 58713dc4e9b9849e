"""The database itself keeps tenants apart: a query that forgets the tenant sees nothing and writes nothing."""

from __future__ import annotations

import asyncpg
import pytest

from stores.errors import StoreError
from stores.ids import new_id
from stores.postgres import Database
from tests.platform import Platform


async def _tenant_tables(database: Database) -> list[str]:
    async with database.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select table_name from information_schema.columns"
            " where table_schema = 'public' and column_name = 'org_id' order by 1"
        )
    return [row["table_name"] for row in rows]


async def test_every_tenant_table_is_protected(platform: Platform) -> None:
    tables = await _tenant_tables(platform.database)
    assert {"users", "courses", "enrollments", "outbox"} <= set(tables)
    async with platform.database.transaction(None, readonly=True) as connection:
        unprotected = await connection.fetch(
            "select relname from pg_class where relname = any($1) and not relrowsecurity", tables
        )
    assert unprotected == []


async def test_forgetting_the_tenant_shows_nothing(platform: Platform) -> None:
    org = await platform.create_organisation()
    await org.person()
    async with platform.database.transaction(org.id) as connection:
        assert await connection.fetchval("select count(*) from users") == 1
    for table in [*await _tenant_tables(platform.database), "organisations"]:
        async with platform.database.transaction(None) as connection:
            assert await connection.fetchval(f"select count(*) from {table}") == 0


async def test_the_tenant_ends_with_its_transaction(platform: Platform) -> None:
    org = await platform.create_organisation()
    await org.person()
    async with platform.database.transaction(org.id) as connection:
        assert await connection.fetchval("select count(*) from users") == 1
    for _ in range(20):  # whichever connection of the pool comes next
        async with platform.database.transaction(None) as connection:
            assert await connection.fetchval("select count(*) from users") == 0


async def test_writing_into_another_tenant_is_refused(platform: Platform) -> None:
    mine, other = await platform.create_organisation(), await platform.create_organisation()
    with pytest.raises(StoreError):
        async with platform.database.transaction(mine.id) as connection:
            await connection.execute(
                "insert into users (id, org_id, email, first_name, last_name, role)"
                " values ($1, $2, 'x@example.org', 'X', 'Y', 'student')",
                new_id(), other.id,
            )  # fmt: skip
    async with platform.database.transaction(mine.id) as connection:
        assert await connection.execute("update organisations set name = 'taken' where id = $1", other.id) == "UPDATE 0"


async def test_the_application_cannot_lift_its_own_bounds(platform: Platform) -> None:
    async with platform.database.transaction(None, readonly=True) as connection:
        row = await connection.fetchrow(
            "select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user"
        )
        assert not any(row)
    for statement in ("alter table users disable row level security", "drop policy tenant on users"):
        with pytest.raises(StoreError) as refusal:
            async with platform.database.transaction(None) as connection:
                await connection.execute(statement)
        assert isinstance(refusal.value.__cause__, asyncpg.InsufficientPrivilegeError)


async def test_history_cannot_be_rewritten(platform: Platform) -> None:
    for statement in ("delete from outbox", "update course_versions set number = 0"):
        with pytest.raises(StoreError) as refusal:
            async with platform.database.transaction(None) as connection:
                await connection.execute(statement)
        assert isinstance(refusal.value.__cause__, asyncpg.InsufficientPrivilegeError)


@pytest.mark.parametrize("role", ["azora_app", "azora_system"])
async def test_the_application_reads_its_revision_and_cannot_write_it(platform: Platform, role: str) -> None:
    async with platform.database.transaction(None, readonly=True) as connection:
        rights = await connection.fetch(
            "select kind from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as kind"
            " where has_table_privilege($1::name, 'alembic_version', kind)",
            role,
        )
    assert [row["kind"] for row in rights] == ["select"]
