"""Signing in, refreshing, revoking: over the services, PostgreSQL and Valkey."""

from __future__ import annotations

import asyncio

from tests.platform import PASSWORD, Platform


async def test_register_sign_in_and_be_oneself(platform: Platform) -> None:
    org = await platform.create_organisation()
    body = {
        "organisation": org.slug,
        "email": "Ada@Example.org",
        "password": PASSWORD,
        "first_name": "Ada",
        "last_name": "Lovelace",
    }
    answer = await platform.http.post("/api/users/register", json=body, headers={"idempotency-key": "one"})
    assert answer.status_code == 201, answer.text
    again = await platform.http.post("/api/users/register", json=body, headers={"idempotency-key": "one"})
    assert again.status_code == 201
    assert again.json() == answer.json()
    assert again.headers["idempotent-replayed"] == "true"
    taken = await platform.http.post("/api/users/register", json=body)
    assert taken.status_code == 409
    assert taken.json()["type"] == "urn:azora:problem:email-taken"
    ada = await platform.sign_in(org, "ada@example.org")
    me = await ada.http.get("/api/users/me")
    assert me.status_code == 200
    assert me.json()["email"] == "ada@example.org"


async def test_spent_refresh_token_ends_the_session(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    first = await platform.http.post("/api/sessions/refresh", json={"refresh_token": person.refresh_token})
    assert first.status_code == 200
    reused = await platform.http.post("/api/sessions/refresh", json={"refresh_token": person.refresh_token})
    assert reused.status_code == 401
    assert reused.json()["type"].endswith("refresh-token-reused")
    successor = await platform.http.post("/api/sessions/refresh", json={"refresh_token": first.json()["refresh_token"]})
    assert successor.status_code == 401
    await asyncio.sleep(1)
    dead = await person.http.get("/api/users/me")
    assert dead.status_code == 401


async def test_sign_out_binds_within_a_second(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    assert (await person.http.delete("/api/sessions/current")).status_code == 204
    await asyncio.sleep(1)
    assert (await person.http.get("/api/users/me")).status_code == 401


async def test_everything_is_revoked_at_once(platform: Platform) -> None:
    org = await platform.create_organisation()
    first = await org.person()
    second = await platform.sign_in(org, first.email)
    listed = (await first.http.get("/api/sessions")).json()["items"]
    assert {item["id"] for item in listed} == {str(first.session_id), str(second.session_id)}
    assert [item["current"] for item in listed if item["id"] == str(first.session_id)] == [True]
    ended = await first.http.delete("/api/sessions")
    assert ended.json() == {"revoked": 2}
    await asyncio.sleep(1)
    for person in (first, second):
        assert (await person.http.get("/api/users/me")).status_code == 401


async def test_one_session_of_several(platform: Platform) -> None:
    org = await platform.create_organisation()
    first = await org.person()
    second, stranger = await platform.sign_in(org, first.email), await org.person(fresh=True)
    path = f"/api/sessions/{second.session_id}"
    assert (await stranger.http.delete(path)).status_code == 404
    assert (await first.http.delete(path)).status_code == 204
    assert (await first.http.delete(path)).status_code == 404
    await asyncio.sleep(1)
    assert (await first.http.get("/api/users/me")).status_code == 200
    assert (await second.http.get("/api/users/me")).status_code == 401


async def test_failures_make_the_next_attempt_wait_and_unknown_accounts_look_the_same(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    for email in (person.email, "nobody@example.org"):
        wrong = {"organisation": org.slug, "email": email, "password": "not the password"}
        answers = [await platform.http.post("/api/sessions", json=wrong) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {401}
        assert {answer.json()["type"] for answer in answers} == {"urn:azora:problem:wrong-credentials"}
        waiting = await platform.http.post("/api/sessions", json=wrong)
        assert waiting.status_code == 429
        assert int(waiting.headers["retry-after"]) >= 1
    await asyncio.sleep(1.1)
    right = {"organisation": org.slug, "email": person.email, "password": PASSWORD}
    assert (await platform.http.post("/api/sessions", json=right)).status_code == 201
    again = await platform.http.post("/api/sessions", json={**right, "password": "not the password"})
    assert again.status_code == 401  # a success begins the count anew


async def test_concurrent_uses_of_a_refresh_token_give_one_successor_at_most(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    answers = await asyncio.gather(
        *(platform.http.post("/api/sessions/refresh", json={"refresh_token": person.refresh_token}) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers)[:2] in ([200, 401], [401, 401])
    assert sum(answer.status_code == 200 for answer in answers) <= 1


async def test_rotating_keys_signs_nobody_out(platform: Platform) -> None:
    org = await platform.create_organisation()
    operator, person = await org.person("platform_admin"), await org.person()
    before = {key["kid"] for key in (await platform.http.get("/api/sessions/jwks.json")).json()["keys"]}
    rotated = await operator.http.post("/api/sessions/keys/rotate")
    assert rotated.status_code == 201
    after = {key["kid"] for key in (await platform.http.get("/api/sessions/jwks.json")).json()["keys"]}
    assert after == before | {rotated.json()["kid"]}
    assert (await person.http.get("/api/users/me")).status_code == 200
    assert (await platform.sign_in(org, person.email)).role == "student"


async def test_an_administrator_ends_a_persons_sessions_and_no_strangers(platform: Platform) -> None:
    org, elsewhere = await platform.create_organisation(), await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person()
    path = f"/api/sessions/users/{person.id}"
    assert (await (await elsewhere.person("org_admin")).http.delete(path)).status_code == 404
    assert len((await admin.http.get(path)).json()["items"]) == 1
    assert (await admin.http.delete(path)).json() == {"revoked": 1}
    await asyncio.sleep(1)
    assert (await person.http.get("/api/users/me")).status_code == 401
