"""Tenants: one's own, and all of them for who runs the platform."""

from __future__ import annotations

import asyncio

import pytest

from stores.ids import new_id
from tests.integration.users.support import events, mails, problem, refreshes, token_in, try_sign_in
from tests.platform import PASSWORD, Organisation, Platform


def _new(**more: object) -> dict[str, object]:
    return {"slug": f"s-{new_id().hex[-12:]}", "name": "A School", **more}


@pytest.fixture(scope="module")
async def headquarters(platform: Platform) -> Organisation:
    return await platform.create_organisation()


async def test_reading_and_changing_ones_own(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, student = await org.person("org_admin"), await org.person()
    read = await student.http.get("/api/users/organisation")
    assert read.json()["slug"] == org.slug
    change = {"name": "Another name", "registration": "closed", "locale": "de"}
    assert (await student.http.patch("/api/users/organisation", json=change)).status_code == 403
    headers = {"if-match": read.headers["etag"]}
    changed = await admin.http.patch("/api/users/organisation", json=change, headers=headers)
    assert changed.status_code == 200
    assert changed.json() == {**read.json(), **change, "updated_at": changed.json()["updated_at"]}
    assert (await admin.http.patch("/api/users/organisation", json=change, headers=headers)).status_code == 412
    assert (await admin.http.patch("/api/users/organisation", json={"status": "suspended"})).status_code == 422
    assert len(await events(platform, org, "organisation.updated.v1", org.id)) == 1


async def test_creating_with_an_administrator(platform: Platform, headquarters: Organisation) -> None:
    top = await headquarters.person("platform_admin")
    administrator = {"email": "first@example.org", "first_name": "Fi", "last_name": "Rst", "password": PASSWORD}
    body = _new(administrator=administrator, registration="closed")
    answer = await top.http.post("/api/users/organisations", json=body)
    assert answer.status_code == 201, answer.text
    created = Organisation(answer.json()["id"], str(body["slug"]), platform)
    first = await platform.sign_in(created, "first@example.org")
    assert (str(first.id), first.role) == (answer.json()["administrator_id"], "org_admin")
    assert (await first.http.get("/api/users/organisation")).json()["name"] == "A School"
    assert await events(platform, created, "organisation.created.v1", created.id)
    taken = await top.http.post("/api/users/organisations", json=body)
    assert (taken.status_code, problem(taken)) == (409, "slug-taken")


async def test_creating_with_an_invited_administrator(platform: Platform, headquarters: Organisation) -> None:
    top = await headquarters.person("platform_admin")
    body = _new(invite="invited@example.org")
    answer = await top.http.post("/api/users/organisations", json=body)
    assert answer.json()["administrator_id"] is None
    created = Organisation(answer.json()["id"], str(body["slug"]), platform)
    token = token_in((await mails(platform, created, "invited@example.org"))[0])
    acceptance = {"token": token, "password": PASSWORD, "first_name": "In", "last_name": "Vited"}
    accepted = await platform.http.post("/api/users/invitations/accept", json=acceptance)
    assert accepted.json()["role"] == "org_admin"
    first = await platform.sign_in(created, "invited@example.org")
    assert (await first.http.get("/api/users/invitations")).json()["items"][0]["invited_by"] is None


async def test_creating_is_repeatable_with_a_key(platform: Platform, headquarters: Organisation) -> None:
    top = await headquarters.person("platform_admin")
    administrator = {"email": "first@example.org", "first_name": "Fi", "last_name": "Rst"}
    body, headers = _new(administrator=administrator), {"idempotency-key": new_id().hex}
    answers = [await top.http.post("/api/users/organisations", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    "more",
    [
        {"invite": "a@example.org", "administrator": {"email": "b@example.org", "first_name": "B", "last_name": "B"}},
        {"invite": "a@example.org", "registration": "closed"},
        {"slug": "-x"},
        {"name": ""},
        {"name": "a\r\nBcc: all@example.org"},
    ],
)
async def test_what_cannot_be_created(headquarters: Organisation, more: dict[str, object]) -> None:
    top = await headquarters.person("platform_admin")
    assert (await top.http.post("/api/users/organisations", json=_new(**more))).status_code == 422


async def test_all_organisations_in_pages(platform: Platform, headquarters: Organisation) -> None:
    top = await headquarters.person("platform_admin")
    made = {str((await platform.create_organisation()).id) for _ in range(3)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await top.http.get("/api/users/organisations", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen))
    assert made <= set(seen)
    one = await top.http.get(f"/api/users/organisations/{seen[0]}")
    assert one.json()["id"] == seen[0]
    absent = await top.http.get(f"/api/users/organisations/{new_id()}")
    assert (absent.status_code, problem(absent)) == (404, "organisation-not-found")
    admin = await headquarters.person("org_admin")
    assert (await admin.http.get(f"/api/users/organisations/{headquarters.id}")).status_code == 403


async def test_a_suspended_organisation_is_shut(platform: Platform, headquarters: Organisation) -> None:
    top = await headquarters.person("platform_admin")
    org = await platform.create_organisation()
    people = [await org.person("student", fresh=True) for _ in range(25)]
    path = f"/api/users/organisations/{org.id}"
    etag = (await top.http.get(path)).headers["etag"]
    answer = await top.http.patch(path, json={"status": "suspended"}, headers={"if-match": etag})
    assert (answer.status_code, answer.json()["status"]) == (200, "suspended")
    assert not any([await refreshes(platform, person) for person in people])
    assert await try_sign_in(platform, org, people[0].email, PASSWORD) == 401
    body = {
        "organisation": org.slug,
        "email": "x@example.org",
        "password": PASSWORD,
        "first_name": "X",
        "last_name": "Y",
    }
    assert (await platform.http.post("/api/users/register", json=body)).status_code == 404
    await asyncio.sleep(1)
    assert (await people[0].http.get("/api/users/me")).status_code == 401
    assert await events(platform, org, "organisation.suspended.v1", org.id)
    assert (await top.http.patch(path, json={"status": "active"})).status_code == 200
    assert await try_sign_in(platform, org, people[0].email, PASSWORD) == 201


async def test_nobody_suspends_their_own(headquarters: Organisation) -> None:
    top = await headquarters.person("platform_admin")
    answer = await top.http.patch(f"/api/users/organisations/{headquarters.id}", json={"status": "suspended"})
    assert (answer.status_code, problem(answer)) == (409, "own-organisation")
