"""What people do to accounts, sessions and keys is in the audit log, with their effect or not at all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from stores.audit import PLATFORM
from tests.patience import patiently
from tests.platform import PASSWORD, Account, Platform


async def entries(platform: Platform, org_id: UUID) -> list[dict[str, Any]]:
    """What was written for an organisation and is not chained yet."""
    async with platform.database.transaction(org_id, readonly=True) as connection:
        rows = await connection.fetch("select body from audit_pending where org_id = $1 order by xid, seq", org_id)
    return [orjson.loads(row["body"]) for row in rows]


async def _until(platform: Platform, org_id: UUID, action: str) -> dict[str, Any]:
    async for _ in patiently():
        for entry in await entries(platform, org_id):
            if entry["action"] == action:
                return entry
    raise AssertionError(f"{action} was not written")


async def test_signing_in_and_failing_to(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    started = await _until(platform, org.id, "session.started")
    assert (started["subject"], started["details"]["session_id"]) == (str(person.id), str(person.session_id))
    body = {"organisation": org.slug, "email": person.email, "password": "wrong"}
    await platform.http.post("/api/sessions", json=body)
    assert (await _until(platform, org.id, "session.refused"))["subject"] == str(person.id)


async def test_an_address_without_an_account_is_told_of_too(platform: Platform) -> None:
    org = await platform.create_organisation()
    body = {"organisation": org.slug, "email": "nobody@example.org", "password": PASSWORD}
    await platform.http.post("/api/sessions", json=body)
    entry = await _until(platform, org.id, "session.refused")
    assert "subject" not in entry
    assert "nobody" not in orjson.dumps(entry).decode()


async def test_a_reused_refresh_token(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person()
    for _ in range(2):
        await platform.http.post("/api/sessions/refresh", json={"refresh_token": person.refresh_token})
    entry = await _until(platform, org.id, "refresh_token.reused")
    assert entry["details"] == {"session_id": str(person.session_id)}


async def _change_role(admin: Account, person: Account) -> None:
    answer = await admin.http.put(f"/api/users/{person.id}/role", json={"role": "instructor"})
    assert answer.status_code == 200


async def _export(admin: Account, person: Account) -> None:
    assert (await admin.http.get(f"/api/users/{person.id}/export")).status_code == 200


async def _erase(admin: Account, person: Account) -> None:
    assert (await admin.http.post(f"/api/users/{person.id}/erase")).status_code == 200


async def _deactivate(admin: Account, person: Account) -> None:
    assert (await admin.http.post(f"/api/users/{person.id}/deactivate")).status_code == 200


@pytest.mark.parametrize(
    ("act", "action"),
    [
        (_change_role, "user.role_changed"),
        (_export, "person.exported"),
        (_erase, "user.erased"),
        (_deactivate, "user.deactivated"),
    ],
)
async def test_what_an_administrator_does_to_a_person_names_both(platform: Platform, act: Any, action: str) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person()
    await act(admin, person)
    entry = await _until(platform, org.id, action)
    assert (entry["actor"], entry["role"], entry["subject"]) == (str(admin.id), "org_admin", str(person.id))
    assert len(entry["trace"]) == 32


async def test_what_is_refused_leaves_no_entry(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    answer = await admin.http.put(f"/api/users/{admin.id}/role", json={"role": "student"})
    assert answer.status_code == 409
    assert "user.role_changed" not in {entry["action"] for entry in await entries(platform, org.id)}


async def test_an_organisation_s_change_by_who_runs_the_platform_is_in_its_own_log(platform: Platform) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    operator = await other.person("platform_admin")
    answer = await operator.http.patch(f"/api/users/organisations/{org.id}", json={"name": "Another"})
    assert answer.status_code == 200
    assert (await _until(platform, org.id, "organisation.updated"))["actor"] == str(operator.id)


async def test_key_rotations_are_in_the_platform_s_own_log(platform: Platform) -> None:
    org = await platform.create_organisation()
    operator = await org.person("platform_admin")
    answer = await operator.http.post("/api/sessions/keys/rotate")
    rotated = [entry for entry in await entries(platform, PLATFORM) if entry["action"] == "signing_key.rotated"]
    assert (rotated[-1]["subject"], rotated[-1]["actor"]) == (answer.json()["kid"], str(operator.id))


async def test_an_erased_person_is_named_by_an_id_that_is_nobody_s(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person()
    await admin.http.patch(f"/api/users/{person.id}", json={"first_name": "Wilhelmina", "email": "w@example.org"})
    await _erase(admin, person)
    told = orjson.dumps(await entries(platform, org.id)).decode()
    assert not any(word in told for word in ("Wilhelmina", "w@example", person.email))
