"""An Idempotency-Key makes one effect out of many requests."""

from __future__ import annotations

import asyncio

from stores.ids import new_id
from tests.platform import PASSWORD, Organisation, Platform


def registration(org: Organisation) -> dict[str, str]:
    return {
        "organisation": org.slug,
        "email": f"{new_id().hex}@example.org",
        "password": PASSWORD,
        "first_name": "Ada",
        "last_name": "Lovelace",
    }


async def test_concurrent_repetitions_have_one_effect_and_one_answer(platform: Platform) -> None:
    org = await platform.create_organisation()
    body, headers = registration(org), {"idempotency-key": new_id().hex}
    answers = await asyncio.gather(
        *(platform.http.post("/api/users/register", json=body, headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    assert len({answer.headers["location"] for answer in answers}) == 1


async def test_a_failed_attempt_does_not_use_the_key_up(platform: Platform) -> None:
    org = await platform.create_organisation("closed")
    person = await org.person("org_admin")
    headers = {"idempotency-key": new_id().hex}
    body = {"email": "x@example.org", "first_name": "X", "last_name": "Y", "role": "platform_admin"}
    refused = await person.http.post("/api/users", json=body, headers=headers)
    assert refused.status_code in (403, 422)
    accepted = await person.http.post("/api/users", json={**body, "role": "student"}, headers=headers)
    assert accepted.status_code == 201, accepted.text


async def test_a_key_is_bound_to_its_request_and_its_owner(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, other = await org.person("org_admin"), await org.person("org_admin", fresh=True)
    headers = {"idempotency-key": new_id().hex}
    body = {"email": "a@example.org", "first_name": "A", "last_name": "B", "role": "student"}
    first = await admin.http.post("/api/users", json=body, headers=headers)
    assert first.status_code == 201
    changed = await admin.http.post("/api/users", json={**body, "email": "b@example.org"}, headers=headers)
    assert changed.status_code == 409
    assert changed.json()["type"].endswith("idempotency-key-reused")
    elsewhere = await other.http.post("/api/users", json=body, headers=headers)
    assert "idempotent-replayed" not in elsewhere.headers
    assert elsewhere.status_code == 409  # the e-mail is taken; the first answer is not theirs to see


async def test_strangers_share_no_keys(platform: Platform) -> None:
    org = await platform.create_organisation()
    headers = {"idempotency-key": "the-same-for-everybody"}
    answers = [
        await platform.http.post("/api/users/register", json=registration(org), headers=headers) for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 3


async def test_tokens_are_kept_nowhere(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    body = {"organisation": org.slug, "email": person.email, "password": PASSWORD}
    headers = {"idempotency-key": new_id().hex}
    first, second = [await platform.http.post("/api/sessions", json=body, headers=headers) for _ in range(2)]
    assert first.json()["refresh_token"] != second.json()["refresh_token"]
    async with platform.database.transaction(None, readonly=True) as connection:
        assert await connection.fetchval("select count(*) from idempotency_keys where body like '%refresh_token%'") == 0


async def test_bad_keys_are_refused(platform: Platform) -> None:
    org = await platform.create_organisation()
    for key in ("", "x" * 256):
        answer = await platform.http.post(
            "/api/users/register", json=registration(org), headers={"idempotency-key": key}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
