"""Old code runs beside the new schema while replicas are replaced: no revision takes away what was there before it."""

from __future__ import annotations

import asyncpg
import pytest

from configs.settings import Settings
from migrations.run import migrate, revisions
from tests.integration.migrations.catalogue import Catalogue, taken_away

# Exceptions, by revision and what they begin with, and why no running code minds.
_HARMLESS = {
    ("0002", "outbox.partition must be given"): "the first schema was never served from by another code than its own",
    ("0002", "outbox: CHECK ((org_id <>"): "it takes the place of a reference to organisations, which has no such row",
    ("0002", "courses: policy tenant"): "it lets the same rows through, and asks once a statement whose they are",
    ("0005", "signing_keys: CHECK (((purpose)"): "it allows a purpose more than the one that it replaces",
    ("0018", "azora_app may"): "only migrations write the table of revisions, and those are run by the owner",
    ("0018", "azora_system may"): "only migrations write the table of revisions, and those are run by the owner",
    ("0020", "grade_appeals: CHECK (((submission_id"): "running code appeals against submissions only, and names one",
    ("0020", "grade_appeals: FOREIGN KEY (org_id, attempt_id)"): "running code leaves the new column empty",
    ("0020", "quiz_attempts: "): "ids of attempts are unique already, so that they are within an organisation",
}


async def test_no_revision_takes_anything_away(empty: str) -> None:
    taken: list[tuple[str, str]] = []
    before: Catalogue | None = None
    for revision in revisions():
        await migrate(empty, revision)
        connection = await asyncpg.connect(empty)
        after = await Catalogue.read(connection)
        await connection.close()
        if before is not None:
            taken += [(revision, found) for found in taken_away(before, after)]
        before = after
    harmless = {each: [one for one in taken if one[0] == each[0] and one[1].startswith(each[1])] for each in _HARMLESS}
    assert [one for one in taken if not any(one in found for found in harmless.values())] == []
    assert [each for each, found in harmless.items() if not found] == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("alter table enrollments drop column progress cascade", ["enrollments.progress is gone"]),
        (
            "alter table courses rename column title to name",
            ["courses.title is gone", "courses.name must be given now"],
        ),
        ("alter table users alter column timezone type text", ["users.timezone is text now"]),
        ("alter table users alter column password_hash set not null", ["users.password_hash must be given now"]),
        ("alter table erasures add column badge text not null", ["erasures.badge must be given now"]),
        ("alter table users add column badge text not null default '' check (badge <> 'x')", []),
        ("alter table users add check (first_name <> 'x')", ["users: CHECK"]),
        ("create unique index on users (org_id, last_name)", ["users: CREATE UNIQUE INDEX"]),
        ("drop index users_external_id", ["users: CREATE UNIQUE INDEX"]),
        ("alter table enrollments drop constraint enrollments_pkey cascade", ["enrollments: PRIMARY KEY"]),
        ("alter table users alter column sensitive set default ''", []),
        ("alter table users disable row level security", ["users: row security is gone"]),
        ("drop policy tenant on users", ["users: policy"]),
        ("create policy more on users as restrictive using (first_name <> 'x')", ["users: policy more"]),
        ("create table badges (id uuid primary key, title text not null)", []),
        ("drop function blank_answers(uuid)", ["blank_answers(person uuid) returns nothing", "azora_app may execute"]),
        ("revoke insert on courses from azora_app", ["azora_app may insert courses no more"]),
        ("alter table courses add column badge text; create index on courses (badge)", []),
    ],
)
async def test_what_is_taken_away_is_told(settings: Settings, statement: str, told: list[str]) -> None:
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    undone = connection.transaction()
    await undone.start()
    try:
        before = await Catalogue.read(connection)
        await connection.execute(statement)
        found = list(taken_away(before, await Catalogue.read(connection)))
    finally:
        await undone.rollback()
        await connection.close()
    assert all(any(one.startswith(start) for one in found) for start in told), found
    assert told or found == []
