"""People, as administrators and auditors deal with them."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from stores.ids import new_id
from tests.integration.users.support import (
    NEW_PASSWORD,
    events,
    mails,
    problem,
    refreshes,
    rows,
    token_in,
    try_sign_in,
)
from tests.platform import PASSWORD, Platform


def _new(role: str = "student", **more: object) -> dict[str, object]:
    return {
        "email": f"p-{new_id().hex[-12:]}@example.org",
        "first_name": "Grace",
        "last_name": "Hopper",
        "role": role,
        **more,
    }


async def test_creating_with_a_password(platform: Platform) -> None:
    org = await platform.create_organisation("closed")
    admin = await org.person("org_admin")
    body = _new("instructor", password=PASSWORD, external_id="sis-1")
    answer = await admin.http.post("/api/users", json=body)
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert (created["role"], created["external_id"], created["status"]) == ("instructor", "sis-1", "active")
    assert answer.headers["location"] == f"/api/users/{created['id']}"
    assert not await mails(platform, org, str(body["email"]))
    await platform.sign_in(org, str(body["email"]))
    assert await events(platform, org, "user.created.v1", created["id"])
    for again, type in ((body, "email-taken"), (_new(external_id="sis-1"), "external-id-taken")):
        refused = await admin.http.post("/api/users", json=again)
        assert (refused.status_code, problem(refused)) == (409, type)


async def test_creating_without_a_password_mails_a_link(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, body = await org.person("org_admin"), _new()
    assert (await admin.http.post("/api/users", json=body)).status_code == 201
    assert await try_sign_in(platform, org, str(body["email"]), PASSWORD) == 401
    [mail] = await mails(platform, org, str(body["email"]))
    confirmation = {"token": token_in(mail), "password": NEW_PASSWORD}
    answer = await platform.http.post("/api/users/password-resets/confirm", json=confirmation)
    assert answer.status_code == 204, answer.text
    assert await try_sign_in(platform, org, str(body["email"]), NEW_PASSWORD) == 201


async def test_listing_and_filtering(platform: Platform) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    auditor, admin = await org.person("auditor"), await org.person("org_admin")
    await other.person()
    people = [await org.person("student", fresh=True) for _ in range(5)]
    await admin.http.patch(f"/api/users/{people[0].id}", json={"first_name": "Ångström_%", "last_name": "Zed"})
    await admin.http.post(f"/api/users/{people[1].id}/deactivate")
    await admin.http.post(f"/api/users/{people[2].id}/erase")

    async def ids(**params: str | int) -> list[str]:
        found: list[str] = []
        while True:
            answer = await auditor.http.get("/api/users", params={"limit": 2, **params})
            assert answer.status_code == 200, answer.text
            found += [item["id"] for item in answer.json()["items"]]
            if (cursor := answer.json()["next_cursor"]) is None:
                return found
            params["cursor"] = cursor

    everybody = [str(p.id) for p in (*people[:2], *people[3:], auditor, admin)]
    assert await ids() == sorted(everybody, reverse=True)
    assert set(await ids(role="student")) == {str(p.id) for p in (*people[:2], *people[3:])}
    assert await ids(status="deactivated") == [str(people[1].id)]
    assert await ids(q="ångst") == await ids(q="Ångström_% Z") == await ids(q="zE") == [str(people[0].id)]
    assert await ids(q=people[3].email[:20].upper()) == [str(people[3].id)]
    assert await ids(q="%") == []
    assert (await admin.http.get("/api/users", params={"q": "\x00"})).status_code == 422
    assert (await admin.http.get("/api/users", params={"cursor": "bm8"})).status_code == 422


async def test_strangers_look_absent(platform: Platform) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    admin, stranger = await org.person("org_admin"), await other.person()
    path = f"/api/users/{stranger.id}"
    answers = [
        await admin.http.get(path),
        await admin.http.patch(path, json={"bio": "x"}),
        await admin.http.put(f"{path}/role", json={"role": "auditor"}),
        await admin.http.post(f"{path}/deactivate"),
        await admin.http.post(f"{path}/reactivate"),
        await admin.http.get(f"{path}/export"),
        await admin.http.post(f"{path}/erase"),
    ]
    assert [(answer.status_code, problem(answer)) for answer in answers] == [(404, "person-not-found")] * 7
    assert (await stranger.http.get("/api/users/me")).json()["bio"] == ""


async def test_changing_somebody(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person, third = await org.person("org_admin"), await org.person(fresh=True), await org.person(fresh=True)
    path = f"/api/users/{person.id}"
    etag = (await admin.http.get(path)).headers["etag"]
    change = {"email": f"NEW-{person.email}", "external_id": "42", "bio": "Hello"}
    answer = await admin.http.patch(path, json=change, headers={"if-match": etag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["email"] == f"new-{person.email}"
    assert (await admin.http.patch(path, json={"bio": "x"}, headers={"if-match": etag})).status_code == 412
    [notice] = await mails(platform, org, person.email)
    assert "e-mail address was changed" in notice["subject"]
    assert await try_sign_in(platform, org, f"new-{person.email}", PASSWORD) == 201
    taken = await admin.http.patch(path, json={"email": third.email})
    assert (taken.status_code, problem(taken)) == (409, "email-taken")
    taken = await admin.http.patch(f"/api/users/{third.id}", json={"external_id": "42"})
    assert (taken.status_code, problem(taken)) == (409, "external-id-taken")
    assert (await admin.http.patch(path, json={"external_id": None})).json()["external_id"] is None


async def test_a_new_address_voids_links_to_the_old_one(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, body = await org.person("org_admin"), _new()
    created = (await admin.http.post("/api/users", json=body)).json()
    token = token_in((await mails(platform, org, str(body["email"])))[0])
    await admin.http.patch(f"/api/users/{created['id']}", json={"email": "elsewhere@example.org"})
    confirmation = {"token": token, "password": NEW_PASSWORD}
    assert (await platform.http.post("/api/users/password-resets/confirm", json=confirmation)).status_code == 404


async def test_another_role_ends_the_sessions(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    same = await admin.http.put(f"/api/users/{person.id}/role", json={"role": "student"})
    assert same.status_code == 200
    assert await refreshes(platform, person)
    answer = await admin.http.put(f"/api/users/{person.id}/role", json={"role": "instructor"})
    assert answer.json()["role"] == "instructor"
    assert not await refreshes(platform, person)
    assert (await platform.sign_in(org, person.email)).role == "instructor"
    [event] = await events(platform, org, "user.role_changed.v1", person.id)
    assert event["data"] == {"user_id": str(person.id), "role": "instructor", "previous_role": "student"}
    await asyncio.sleep(1)
    assert (await person.http.get("/api/users/me")).status_code == 401


async def test_deactivating_and_reactivating(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    for _ in range(2):
        answer = await admin.http.post(f"/api/users/{person.id}/deactivate")
        assert (answer.status_code, answer.json()["status"]) == (200, "deactivated")
    assert not await refreshes(platform, person)
    assert await try_sign_in(platform, org, person.email, PASSWORD) == 401
    for _ in range(2):
        answer = await admin.http.post(f"/api/users/{person.id}/reactivate")
        assert (answer.status_code, answer.json()["status"]) == (200, "active")
    assert await try_sign_in(platform, org, person.email, PASSWORD) == 201
    for type in ("user.deactivated.v1", "user.reactivated.v1"):
        assert len(await events(platform, org, type, person.id)) == 1


async def test_no_session_survives_a_deactivation_in_flight(platform: Platform) -> None:
    """Sign-ins that race with a deactivation either fail or begin a session that the deactivation ends."""
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    for _ in range(5):
        person = await org.person(fresh=True)
        body = {"organisation": org.slug, "email": person.email, "password": PASSWORD}
        tries = [asyncio.create_task(platform.http.post("/api/sessions", json=body)) for _ in range(8)]
        await asyncio.sleep(0.005)
        assert (await admin.http.post(f"/api/users/{person.id}/deactivate")).status_code == 200
        for answer in await asyncio.gather(*tries):
            if answer.status_code == 201:
                token = {"refresh_token": answer.json()["refresh_token"]}
                assert (await platform.http.post("/api/sessions/refresh", json=token)).status_code == 401
        assert (await admin.http.get(f"/api/sessions/users/{person.id}")).json()["items"] == []


@pytest.mark.parametrize("leave", ["role", "deactivate", "erase"])
async def test_the_last_administrator_stays(platform: Platform, leave: str) -> None:
    org = await platform.create_organisation()
    first = await org.person("org_admin", fresh=True)

    async def go(by: object, who: UUID) -> int:
        if leave == "role":
            answer = await by.http.put(f"/api/users/{who}/role", json={"role": "student"})  # type: ignore[attr-defined]
        else:
            answer = await by.http.post(f"/api/users/{who}/{leave}")  # type: ignore[attr-defined]
        if answer.status_code == 409:
            assert problem(answer) == "last-administrator"
        return int(answer.status_code)

    assert await go(first, first.id) == 409
    second = await org.person("org_admin", fresh=True)
    third = await org.person("org_admin", fresh=True)
    # Three who remove one another at the same time: one remains.
    await asyncio.gather(go(first, second.id), go(second, third.id), go(third, first.id), go(first, first.id))
    left = await rows(platform, org, "select from users where role = 'org_admin' and status = 'active'")
    assert len(left) == 1


async def test_nobody_reaches_up_to_a_platform_administrator(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, top = await org.person("org_admin"), await org.person("platform_admin")
    auditor, student = await org.person("auditor"), await org.person()
    path = f"/api/users/{top.id}"
    answers = [
        await admin.http.patch(path, json={"email": "mine@example.org"}),
        await admin.http.put(f"{path}/role", json={"role": "student"}),
        await admin.http.post(f"{path}/deactivate"),
        await admin.http.post(f"{path}/reactivate"),
        await admin.http.post(f"{path}/erase"),
        await admin.http.get(f"{path}/export"),
        await auditor.http.get(f"{path}/export"),
        await admin.http.put(f"/api/users/{student.id}/role", json={"role": "platform_admin"}),
        await admin.http.put(f"/api/users/{admin.id}/role", json={"role": "platform_admin"}),
        await admin.http.post("/api/users", json=_new("platform_admin")),
    ]
    assert [(answer.status_code, problem(answer)) for answer in answers] == [(403, "role-not-yours")] * 10
    assert (await top.http.put(f"/api/users/{student.id}/role", json={"role": "platform_admin"})).status_code == 200
