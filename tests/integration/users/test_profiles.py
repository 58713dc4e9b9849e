"""One's own profile, and its sealed part."""

from __future__ import annotations

import pytest

from configs.settings import Settings
from stores.resealing import SENSITIVE as SENSITIVE_FIELDS
from stores.resealing import Resealed, reseal
from stores.sealing import Keyring
from tests.integration.users.support import events, rows, system_database
from tests.platform import Platform

SENSITIVE = {
    "phone": "+351 21 000 0000",
    "date_of_birth": "1990-02-28",
    "postal_address": "Rua Um 1\nLisboa",
    "national_id": "AB-123",
    "accessibility_needs": "Captions, please",
    "emergency_contact": "Grace, +351 21 000 0001",
}


async def test_changing_oneself(platform: Platform) -> None:
    person = await (await platform.create_organisation()).person(fresh=True)
    before = await person.http.get("/api/users/me")
    change = {
        "first_name": " Ada ",
        "bio": "One\nTwo",
        "locale": "pt-BR",
        "timezone": "Europe/Lisbon",
        "last_name": None,
    }
    after = await person.http.patch("/api/users/me", json=change, headers={"if-match": before.headers["etag"]})
    assert after.status_code == 200, after.text
    wanted = {"first_name": "Ada", "bio": "One\nTwo", "locale": "pt-BR", "timezone": "Europe/Lisbon"}
    assert after.json() == {**before.json(), **wanted, "updated_at": after.json()["updated_at"]}
    assert after.headers["etag"] != before.headers["etag"]
    assert len(await events(platform, person.org, "user.updated.v1", person.id)) == 1
    stale = await person.http.patch("/api/users/me", json={"bio": "x"}, headers={"if-match": before.headers["etag"]})
    assert stale.status_code == 412


async def test_changing_nothing_changes_nothing(platform: Platform) -> None:
    person = await (await platform.create_organisation()).person(fresh=True)
    before = await person.http.get("/api/users/me")
    for change in ({}, {"bio": ""}, {"bio": None}):
        after = await person.http.patch("/api/users/me", json=change)
        assert after.headers["etag"] == before.headers["etag"]
    assert not await events(platform, person.org, "user.updated.v1", person.id)


@pytest.mark.parametrize(
    "change",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": ""},
        {"locale": "no locale"},
        {"bio": "\x00"},
        {"bio": "x" * 5001},
        {"first_name": ""},
        {"first_name": "\x85"},
        {"email": "a@b.org"},
        {"role": "org_admin"},
        {"external_id": "1"},
    ],
)
async def test_what_a_profile_cannot_be(platform: Platform, change: dict[str, str]) -> None:
    person = await (await platform.create_organisation()).person()
    assert (await person.http.patch("/api/users/me", json=change)).status_code == 422


async def test_sensitive_fields_are_sealed(platform: Platform) -> None:
    org = await platform.create_organisation()
    person, other = await org.person(fresh=True), await org.person("org_admin")
    nothing = await person.http.get("/api/users/me/sensitive")
    assert set(nothing.json().values()) == {None}
    answer = await person.http.put("/api/users/me/sensitive", json=SENSITIVE)
    assert answer.status_code == 200, answer.text
    read = await person.http.get("/api/users/me/sensitive")
    assert read.json() == SENSITIVE
    assert read.headers["cache-control"] == "no-store"
    [row] = await rows(platform, org, "select sensitive, sensitive_key_id from users where id = $1", person.id)
    assert row["sensitive_key_id"] == "test"
    for value in SENSITIVE.values():
        assert value.encode() not in row["sensitive"]
    assert "phone" not in (await other.http.get(f"/api/users/{person.id}")).json()
    await rows(platform, org, "update users set sensitive = $2 where id = $1", other.id, row["sensitive"])
    moved = await other.http.get("/api/users/me/sensitive")
    assert moved.status_code == 500  # sealed bytes open only where they belong
    await rows(platform, org, "update users set sensitive = null where id = $1", other.id)
    stale = await person.http.put("/api/users/me/sensitive", json={}, headers={"if-match": nothing.headers["etag"]})
    assert stale.status_code == 412
    assert (await person.http.put("/api/users/me/sensitive", json={})).status_code == 200
    [row] = await rows(platform, org, "select sensitive, sensitive_key_id from users where id = $1", person.id)
    assert row == {"sensitive": None, "sensitive_key_id": None}


async def test_keys_rotate(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    people = [await org.person(fresh=True) for _ in range(3)]
    for person in people:
        await person.http.put("/api/users/me/sensitive", json=SENSITIVE)
    broken = people.pop()
    await rows(
        platform,
        org,
        "update users set sensitive_key_id = 'gone', sensitive = '\\x0104676f6e65' where id = $1",
        broken.id,
    )
    assert settings.data_keys is not None
    old = settings.data_keys.get_secret_value()
    rotated = Keyring.parse(f"{Keyring.new_key('next')},{old}")
    async with system_database(settings) as database:
        done = await reseal(database, rotated, SENSITIVE_FIELDS)
        assert done.broken == 1
        assert done.changed >= 2
        sealed = await rows(platform, org, "select sensitive, sensitive_key_id from users where id = $1", people[0].id)
        assert sealed[0]["sensitive_key_id"] == "next"
        assert rotated.key_of(sealed[0]["sensitive"])[0] == "next"
        assert await reseal(database, rotated, SENSITIVE_FIELDS) == Resealed(0, 1)
        assert (await reseal(database, Keyring.parse(f"{old},next:{_encoded(rotated)}"), SENSITIVE_FIELDS)).changed >= 2
    for person in people:
        assert (await person.http.get("/api/users/me/sensitive")).json() == SENSITIVE
    await rows(platform, org, "update users set sensitive = null, sensitive_key_id = null where id = $1", broken.id)


def _encoded(keyring: Keyring) -> str:
    import base64

    return base64.b64encode(keyring.keys["next"]).decode()
