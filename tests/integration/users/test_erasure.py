"""Erasing a person."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from configs.settings import Settings
from stores.errors import StoreUnavailable
from stores.ids import new_id
from stores.sessions import SessionStore
from tests.integration.users.learning import WORDS, learn
from tests.integration.users.support import (
    events,
    mails,
    problem,
    refreshes,
    rows,
    system_database,
    try_sign_in,
)
from tests.platform import PASSWORD, Organisation, Platform


async def _everything(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    async with system_database(settings) as database, database.transaction(None, readonly=True) as connection:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_type = 'BASE TABLE' and table_name not in ('alembic_version', 'signing_keys')"
        )
        return {
            table: [dict(row) for row in await connection.fetch(f"select * from {table}")]  # the catalogue's names
            for (table,) in tables
        }


async def _register(platform: Platform, org: Organisation) -> tuple[str, dict[str, Any]]:
    email = f"erase.me-{new_id().hex[-12:]}@example.org"
    body = {
        "organisation": org.slug, "email": email, "password": PASSWORD,
        "first_name": f"Tobeforgotten{new_id().hex}", "last_name": f"Gone{new_id().hex}",
    }  # fmt: skip
    answer = await platform.http.post("/api/users/register", json=body, headers={"idempotency-key": new_id().hex})
    assert answer.status_code == 201
    return email, answer.json()


async def test_nothing_is_left_that_tells_who_it_was(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    admin, teacher = await org.person("org_admin"), await org.person("instructor")
    await admin.http.post("/api/users/invitations", json={"email": "other@x.org"})
    email, profile = await _register(platform, org)
    learner = await platform.sign_in(org, email)
    words, bio = f"words {new_id()}", f"bio {new_id()}"
    learning = await learn(platform, org, learner, teacher, words)
    await learner.http.patch("/api/users/me", json={"bio": bio})
    await learner.http.put("/api/users/me/sensitive", json={"phone": "+1"})
    await admin.http.patch(f"/api/users/{learner.id}", json={"external_id": f"sis-{email}"})
    await admin.http.post(f"/api/users/{learner.id}/deactivate", headers={"idempotency-key": new_id().hex})
    await admin.http.post(f"/api/users/{learner.id}/reactivate")
    await platform.http.post("/api/users/password-resets", json={"organisation": org.slug, "email": email})
    answer = await admin.http.post(f"/api/users/{learner.id}/erase")
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert receipt["counts"] == {
        "reviews": 1, "submissions": 1, "attempts": 1, "certificates": 1, "invitations": 0, "password_resets": 1,
        "suggested_grades": 1, "appeals": 1,
        "mails": 0, "learning_days": 0, "agent_tasks": 0, "tutoring": 0, "predictions": 0,
        "mastery": 0, "learning_goals": 0, "unit_reviews": 0, "advised_paths": 0,
        "model_keys": 0, "model_transcripts": 0, "model_usage": 0,
        "enrollments_dropped": 1, "idempotency_answers": 2,
        "sessions": 0,
    }  # fmt: skip
    [mail] = await mails(platform, org, email)
    assert receipt["id"] in mail["body"]
    await rows(platform, org, "delete from mails where id = $1", mail["id"])  # delivered
    left = json.dumps(await _everything(settings), default=_text)
    for trace in (email, profile["first_name"], profile["last_name"], bio, words):
        assert trace not in left
    [row] = await rows(platform, org, "select * from users where id = $1", learner.id)
    assert row["email"] == f"erased-{learner.id}@erased.invalid"
    assert (row["first_name"], row["last_name"], row["status"]) == ("Erased", "person", "erased")
    assert row["password_hash"] is row["sensitive"] is row["external_id"] is None
    [kept] = await rows(platform, org, "select status, score from enrollments where id = $1", learning.enrollment_id)
    assert (kept["status"], kept["score"]) == ("completed", 80)
    [stored] = await rows(platform, org, "select * from erasures where id = $1", receipt["id"])
    assert stored["summary"] == receipt["counts"]
    assert (await rows(platform, org, "select score from quiz_attempts"))[0]["score"] == 80
    assert await events(platform, org, "user.erased.v1", learner.id)
    assert await events(platform, org, "enrollment.dropped.v1", learning.running_id)
    assert len(await mails(platform, org, "other@x.org")) == 1


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


async def test_erasing_oneself(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    email, _ = await _register(platform, org)
    person = await platform.sign_in(org, email)
    refused = await person.http.post("/api/users/me/erase", json={"password": "wrong"})
    assert (refused.status_code, problem(refused)) == (403, "wrong-password")
    answer = await person.http.post("/api/users/me/erase", json={"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"]["sessions"] == 1
    assert not await refreshes(platform, person)
    assert await try_sign_in(platform, org, email, PASSWORD) == 401
    again = await person.http.post("/api/users/me/erase", json={"password": PASSWORD})
    assert again.status_code in {401, 404}
    for path in (f"/api/users/{person.id}/erase", f"/api/users/{person.id}/reactivate"):
        assert (await admin.http.post(path)).status_code == 404
    assert (await admin.http.get(f"/api/users/{person.id}")).status_code == 404
    assert (await _register(platform, org))[1]["id"] != str(person.id)


async def test_the_address_is_free_again(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    await admin.http.post(f"/api/users/{person.id}/erase")
    body = {"email": person.email, "first_name": "New", "last_name": "One", "role": "student", "password": PASSWORD}
    assert (await admin.http.post("/api/users", json=body)).status_code == 201


async def test_erased_once_however_often_asked(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    answers = await asyncio.gather(*(admin.http.post(f"/api/users/{person.id}/erase") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert len(await rows(platform, org, "select from erasures where user_id = $1", person.id)) == 1


async def test_all_or_nothing(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    org = await platform.create_organisation()
    admin, learner = await org.person("org_admin"), await org.person(fresh=True)
    await learn(platform, org, learner, await org.person("instructor"))
    before = await rows(platform, org, "select * from users where id = $1", learner.id)

    async def away(*_: object, **__: object) -> int:
        raise StoreUnavailable()

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "revoke_all", away)
        assert (await admin.http.post(f"/api/users/{learner.id}/erase")).status_code == 503
    assert await rows(platform, org, "select * from users where id = $1", learner.id) == before
    assert (await rows(platform, org, "select body from submissions"))[0]["body"] == WORDS
    assert await refreshes(platform, learner)


async def test_attempts_stay_append_only_but_for_the_erased(platform: Platform) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    admin, learner = await org.person("org_admin"), await org.person(fresh=True)
    await learn(platform, org, learner, await org.person("instructor"))
    for statement in ("update quiz_attempts set answers = '{}'", "delete from quiz_attempts", "delete from outbox"):
        with pytest.raises(Exception) as raised:
            await rows(platform, org, statement)
        assert isinstance(raised.value.__cause__, asyncpg.InsufficientPrivilegeError)
    assert await rows(platform, org, "select blank_answers($1)", learner.id) == [{"blank_answers": 0}]
    await admin.http.post(f"/api/users/{learner.id}/erase")
    assert (await rows(platform, org, "select answers from quiz_attempts"))[0]["answers"] == {}
    second = await org.person(fresh=True)
    await learn(platform, org, second, await org.person("instructor"))
    await rows(platform, org, "update users set status = 'erased' where id = $1", second.id)
    assert await rows(platform, other, "select blank_answers($1)", second.id) == [{"blank_answers": 0}]
    assert await rows(platform, org, "select blank_answers($1)", second.id) == [{"blank_answers": 1}]
