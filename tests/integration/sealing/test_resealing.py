"""After a rotation of data keys nothing needs the old key, whatever it had sealed."""

from __future__ import annotations

from uuid import UUID

import pytest

from configs.settings import Settings
from stores.ids import new_id
from stores.postgres import Database
from stores.resealing import SEALED, Resealed, SealedColumn, reseal
from stores.sealing import Keyring
from tests.integration.courses.support import create, ok
from tests.platform import Organisation, Platform

# Hashes, sketches, answers kept for repetitions; signing keys are sealed again by `reseal_keys`.
_NOT_SEALED = {
    "invitations": {"token_hash"},
    "password_resets": {"token_hash"},
    "idempotency_keys": {"fingerprint", "body"},
    "signing_keys": {"private_sealed"},
    "event_dead_letters": {"body"},
    "analytics_cells": {"learners", "scores", "durations", "scorers", "finishers"},
    "analytics_cohorts": {"learners"},
    "content_passages": {"digest"},
    "passage_sentences": {"vectors"},
    "knowledge_models": {"predictor"},
    "audit_log": {"hash"},
    "audit_chains": {"hash"},
    "llm_api_keys": {"digest"},
    "agent_tasks": {"plan_hash"},
    "agent_approvals": {"plan_hash"},
}
PLAIN = b"what somebody said"


async def _owned(platform: Platform) -> tuple[Organisation, UUID, str]:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person("student")
    modules = [{"title": "M", "units": [{"kind": "text", "title": "U", "body": "A text."}]}]
    course = await create(teacher, modules=modules)
    ok(await teacher.http.post(f"/api/courses/{course}/publish"))
    ok(await learner.http.post("/api/enrollments", json={"course_id": course}), 201)
    body = {"course_id": course}
    return org, learner.id, ok(await learner.http.post("/api/tutor/conversations", json=body), 201)["id"]


async def _row(database: Database, org: Organisation, user: UUID, conversation: str, old: Keyring, table: str) -> UUID:
    """A row of the table, sealed under the old key."""
    id = user if table == "users" else new_id()
    values = {sealed.column: old.seal(PLAIN, sealed.context(id)) for sealed in SEALED if sealed.table == table}
    async with database.transaction(None) as connection:
        if table == "users":
            await connection.execute(
                "update users set sensitive = $2, sensitive_key_id = 'old' where id = $1", id, values["sensitive"]
            )
        elif table == "tutor_turns":
            await connection.execute(
                "insert into tutor_turns (id, org_id, conversation_id, number, question, reply, kind, sources, made_by)"
                " values ($1, $2, $3, 1, $4, $5, 'answer', '[]', '{}')",
                id, org.id, UUID(conversation), values["question"], values["reply"],
            )  # fmt: skip
        else:
            await connection.execute(
                "insert into llm_transcripts (id, org_id, model, sealed, expires_at)"
                " values ($1, $2, 'm', $3, now() + interval '1 day')",
                id, org.id, values["sealed"],
            )  # fmt: skip
    return id


async def _value(database: Database, sealed: SealedColumn, id: UUID) -> bytes:
    async with database.transaction(None, readonly=True) as connection:
        value: bytes = await connection.fetchval(f"select {sealed.column} from {sealed.table} where id = $1", id)
    return value


async def test_nothing_needs_the_old_key(platform: Platform, settings: Settings) -> None:
    org, user, conversation = await _owned(platform)
    old_key, new_key = Keyring.new_key("old"), Keyring.new_key("new")
    old, both, new = Keyring.parse(old_key), Keyring.parse(f"{new_key},{old_key}"), Keyring.parse(new_key)
    database = Database.from_settings(settings, role="azora_system")
    try:
        tables = dict.fromkeys(sealed.table for sealed in SEALED)
        ids = {table: await _row(database, org, user, conversation, old, table) for table in tables}
        for sealed in SEALED:
            assert (await reseal(database, both, sealed)).changed == 1
            assert await reseal(database, both, sealed) == Resealed(0, 0)
            value = await _value(database, sealed, ids[sealed.table])
            assert new.open(value, sealed.context(ids[sealed.table])) == PLAIN
    finally:
        async with database.transaction(None) as connection:
            await connection.execute("update users set sensitive = null, sensitive_key_id = null where id = $1", user)
            for table in ("tutor_turns", "llm_transcripts"):
                await connection.execute(f"delete from {table} where org_id = $1", org.id)
        await database.close()


async def test_every_column_of_bytes_is_known(platform: Platform) -> None:
    """A new one is either declared to be sealed, or noted here not to be."""
    async with platform.database.transaction(None, readonly=True) as connection:
        rows = await connection.fetch(
            "select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where a.atttypid = 'bytea'::regtype and c.relkind in ('r', 'p') and not a.attisdropped"
            " and c.relnamespace = 'public'::regnamespace"
        )
    declared = {(sealed.table, sealed.column) for sealed in SEALED}
    plain = {(table, column) for table, columns in _NOT_SEALED.items() for column in columns}
    assert {(row["table"], row["column"]) for row in rows} == declared | plain


@pytest.mark.parametrize("sealed", SEALED, ids=lambda sealed: f"{sealed.table}.{sealed.column}")
def test_a_value_opens_only_in_its_row(sealed: SealedColumn) -> None:
    assert sealed.context(new_id()) != sealed.context(new_id())
