"""Tokens of tasks: what they open, what they do not, and when they die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import jwt
import pytest

from actors.agent.delegation import Delegations
from actors.agent.errors import DelegationEnded
from actors.agent.store import Task, TaskStore
from configs.settings import Settings
from stores import valkey
from stores.access_tokens import TokenIssuer
from stores.ids import new_id
from stores.postgres import Database
from stores.sealing import Keyring
from stores.sessions import SessionStore
from stores.signing_keys import KeyDirectory
from tests.integration.agents.support import ask, taught_course
from tests.integration.agents.test_approvals import audited
from tests.platform import Account, Platform


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    found = Database.from_settings(settings, role="azora_system")
    yield found
    await found.close()


async def _claimed(platform: Platform, database: Database, person: Account) -> Task:
    """A task of the person's, claimed by nobody's agent."""
    teacher = await person.org.person("instructor")
    made = await ask(person, "study_overview", {"course_id": await taught_course(teacher), "question": "Why?"})
    store = TaskStore(database, platform.settings.agent_lease)
    while True:
        for task in await store.claim("delegation-test", 50):
            if str(task.id) == made["id"]:
                return task


@pytest.fixture
async def delegations(settings: Settings, database: Database) -> AsyncIterator[Delegations]:
    assert settings.data_keys is not None
    keyring = Keyring.parse(settings.data_keys.get_secret_value())
    client = valkey.connect(settings)
    yield Delegations(
        store=TaskStore(database, settings.agent_lease),
        sessions=SessionStore(client, settings),
        issuer=TokenIssuer(KeyDirectory(database), keyring, settings.issuer, 120),
    )
    await client.aclose()


async def _question(platform: Platform, task: Task) -> UUID:
    """What the task asks of administrators."""
    async with platform.database.transaction(task.org_id) as connection:
        await connection.execute(
            "insert into agent_approvals (id, org_id, task_id, requester_id, plan_hash, kinds, covers, draft, roles,"
            " expires_at) values ($1, $2, $3, $4, $5, '{personal_data_analysis}', '{}', '[]', '{org_admin}',"
            " now() + interval '1 hour')",
            asked := new_id(), task.org_id, task.id, task.user_id, bytes(32),
        )  # fmt: skip
    return asked


def _acting(platform: Platform, token: str) -> httpx.AsyncClient:
    return platform._client(platform.host, authorization=f"Bearer {token}")


async def test_a_token_names_the_task_and_opens_what_it_was_given(
    platform: Platform, database: Database, delegations: Delegations
) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    task = await _claimed(platform, database, admin)
    token, _ = await delegations.mint(task, {"courses.read"})
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sub"] == str(admin.id)
    assert claims["act"] == {"sub": f"task:{task.id}"}
    assert claims["scope"] == "courses.read"
    assert claims["exp"] - claims["iat"] <= 120
    async with _acting(platform, token) as acting:
        assert (await acting.get("/api/courses")).status_code == 200
        for path in ("/api/users", "/api/users/me", "/api/users/me/export", "/api/sessions", "/api/agents/tasks"):
            answer = await acting.get(path)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:azora:problem:forbidden"), path
        course_id = task.input["course_id"]
        assert (await acting.get(f"/api/courses/{course_id}/content")).status_code == 200
        question = {"model": "azora-default", "messages": [{"role": "user", "content": "Why?"}]}
        texts = {"model": "azora-embed", "input": ["Why?"]}
        for path, body in (("chat/completions", question), ("embeddings", texts)):  # which no framework answers
            answer = await acting.post(f"/v1/{path}", json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), answer.text
    narrow, _ = await delegations.mint(task, {"enrollments.read"})
    async with _acting(platform, narrow) as acting:  # also where a page is answered from memory
        assert (await acting.get(f"/api/courses/{course_id}/content")).status_code == 403
        assert (await acting.get(f"/api/courses/{course_id}")).status_code == 403


async def test_what_people_do_in_person_takes_no_token_of_a_task(
    platform: Platform, database: Database, delegations: Delegations
) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    task = await _claimed(platform, database, admin)
    everything = {"agents.use", "agents.approve", "agents.any", "agents.read"}
    token, _ = await delegations.mint(task, everything)
    body = {"kind": "study_overview", "input": {"course_id": task.input["course_id"], "question": "Why?"}}
    async with _acting(platform, token) as acting:
        made = await acting.post("/api/agents/tasks", json=body)
        assert (made.status_code, made.json()["type"]) == (403, "urn:azora:problem:people-only")
        assert (await acting.post(f"/api/agents/tasks/{task.id}/cancel")).status_code == 403
        assert (await acting.post(f"/api/agents/tasks/{task.id}/retry")).status_code == 403
        asked = await _question(platform, task)
        for word, more in (("approve", {}), ("refuse", {"reason": "no"})):
            body = {"plan_hash": "00" * 32, **more}
            answer = await acting.post(f"/api/agents/approvals/{asked}/{word}", json=body)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:azora:problem:people-only")
    denied = await audited(platform, org, "approval.denied")
    assert [one["details"]["acting"] for one in denied] == [f"task:{task.id}"] * 2


async def test_ending_a_person_s_sessions_ends_what_acts_for_them(
    platform: Platform, database: Database, delegations: Delegations
) -> None:
    org = await platform.create_organisation()
    learner, admin = await org.person("student"), await org.person("org_admin")
    task = await _claimed(platform, database, learner)
    token, _ = await delegations.mint(task, {"courses.read"})
    sessions = (await learner.http.get("/api/sessions")).json()["items"]
    assert [one["user_agent"] for one in sessions if one["user_agent"] == "Azora agents"] == ["Azora agents"]
    async with _acting(platform, token) as acting:
        assert (await acting.get("/api/courses")).status_code == 200
        assert (await learner.http.delete("/api/sessions/current")).status_code == 204
        assert (await acting.get("/api/courses")).status_code == 200, "signing out on one device ends that device's"
        assert (await admin.http.delete(f"/api/sessions/users/{learner.id}")).status_code == 200

        await asyncio.sleep(1)
        assert (await acting.get("/api/courses")).status_code == 401
    with pytest.raises(DelegationEnded):
        await delegations.mint(task, {"courses.read"})


async def test_a_token_has_the_role_of_the_moment(
    platform: Platform, database: Database, delegations: Delegations
) -> None:
    org = await platform.create_organisation()
    learner = await org.person("student", fresh=True)
    task = await _claimed(platform, database, learner)
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set role = 'auditor' where id = $1", learner.id)
    token, _ = await delegations.mint(task, {"courses.read"})
    assert jwt.decode(token, options={"verify_signature": False})["role"] == "auditor"
    async with platform.database.transaction(org.id) as connection:
        await connection.execute("update users set status = 'deactivated' where id = $1", learner.id)
    with pytest.raises(DelegationEnded):
        await delegations.mint(task, {"courses.read"})


async def test_a_key_makes_any_change_repeatable(platform: Platform) -> None:
    """Tools grade with PUT: doing it again under the key is doing it once."""
    org = await platform.create_organisation()
    person = await org.person("student", fresh=True)
    headers = {"idempotency-key": "once"}
    first = await person.http.patch("/api/users/me", json={"first_name": "Ada"}, headers=headers)
    again = await person.http.patch("/api/users/me", json={"first_name": "Ada"}, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.headers["etag"] == again.headers["etag"]
    other = await person.http.patch("/api/users/me", json={"first_name": "Eve"}, headers=headers)
    assert other.status_code == 409
