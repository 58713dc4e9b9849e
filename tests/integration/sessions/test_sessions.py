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
