"""The ways in: registering and being invited."""

from __future__ import annotations

import asyncio
import json

import pytest

from stores.ids import new_id
from tests.integration.users.support import NEW_PASSWORD, events, mails, problem, rows, token_in
from tests.platform import PASSWORD, Platform

NAMES = {"first_name": "Ada", "last_name": "Lovelace"}


def _email() -> str:
    return f"ada-{new_id().hex[-12:]}@example.org"


@pytest.mark.parametrize("registration", ["invitation", "closed"])
async def test_only_an_open_organisation_takes_registrations(platform: Platform, registration: str) -> None:
    org = await platform.create_organisation(registration)
    body = {"organisation": org.slug, "email": _email(), "password": PASSWORD, **NAMES}
    answer = await platform.http.post("/api/users/register", json=body)
    assert answer.status_code == 403
    assert problem(answer) == "registration-closed"


async def test_registering_nowhere(platform: Platform) -> None:
    body = {"organisation": "no-such-organisation", "email": _email(), "password": PASSWORD, **NAMES}
    answer = await platform.http.post("/api/users/register", json=body)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "ü" * 40),
        ("password", "aaaaaaaaaaaaaa"),
        ("password", "Ada Lovelace\x00 and more"),
        ("email", "nobody"),
        ("email", "ünïcode@example.org"),
        ("email", f"{'a' * 300}@example.org"),
        ("first_name", " "),
        ("first_name", "a\nb"),
        ("first_name", "x" * 101),
        ("first_name", "\ud800"),
        ("organisation", "Not A Slug"),
        ("role", "org_admin"),
    ],
)
async def test_what_is_not_valid_is_named(platform: Platform, field: str, value: str) -> None:
    org = await platform.create_organisation()
    body = {"organisation": org.slug, "email": _email(), "password": PASSWORD, **NAMES, field: value}
    headers = {"content-type": "application/json"}
    answer = await platform.http.post("/api/users/register", content=json.dumps(body), headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == f"/body/{field}"


async def test_an_invitation_makes_an_account_once(platform: Platform) -> None:
    org = await platform.create_organisation("invitation")
    admin, email = await org.person("org_admin"), _email()
    invited = await admin.http.post("/api/users/invitations", json={"email": email.upper(), "role": "instructor"})
    assert invited.status_code == 201, invited.text
    assert invited.json()["email"] == email
    [mail] = await mails(platform, org, email)
    token = token_in(mail)
    assert not await rows(platform, org, "select from invitations where token_hash::text like $1", f"%{token[33:]}%")
    body = {"token": token, "password": PASSWORD, **NAMES}
    answers = await asyncio.gather(*(platform.http.post("/api/users/invitations/accept", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404]
    created = next(answer.json() for answer in answers if answer.status_code == 201)
    assert (created["email"], created["role"]) == (email, "instructor")
    assert (await platform.sign_in(org, email)).role == "instructor"
    assert await events(platform, org, "invitation.accepted.v1", invited.json()["id"])
    [listed] = (await admin.http.get("/api/users/invitations")).json()["items"]
    assert listed["status"] == "accepted"
    assert "token" not in listed


async def test_inviting_again_replaces_the_open_invitation(platform: Platform) -> None:
    org = await platform.create_organisation("invitation")
    admin, email = await org.person("org_admin"), _email()
    first = await admin.http.post("/api/users/invitations", json={"email": email})
    second = await admin.http.post("/api/users/invitations", json={"email": email, "role": "auditor"})
    assert (first.status_code, second.status_code) == (201, 201)
    old, new = [token_in(mail) for mail in await mails(platform, org, email)]
    body = {"password": PASSWORD, **NAMES}
    assert (await platform.http.post("/api/users/invitations/accept", json={"token": old, **body})).status_code == 404
    accepted = await platform.http.post("/api/users/invitations/accept", json={"token": new, **body})
    assert accepted.json()["role"] == "auditor"
    assert len((await admin.http.get("/api/users/invitations")).json()["items"]) == 1


async def test_revoked_expired_and_foreign_links_are_worth_nothing(platform: Platform) -> None:
    org, other = await platform.create_organisation("invitation"), await platform.create_organisation("invitation")
    admin, stranger = await org.person("org_admin"), await other.person("org_admin")
    revoked, expired = _email(), _email()
    invitation_id = (await admin.http.post("/api/users/invitations", json={"email": revoked})).json()["id"]
    assert (await stranger.http.delete(f"/api/users/invitations/{invitation_id}")).status_code == 404
    assert (await admin.http.delete(f"/api/users/invitations/{invitation_id}")).status_code == 204
    again = await admin.http.delete(f"/api/users/invitations/{invitation_id}")
    assert (again.status_code, problem(again)) == (404, "invitation-not-found")
    await admin.http.post("/api/users/invitations", json={"email": expired})
    await rows(
        platform, org, "update invitations set expires_at = now() - interval '1 second' where email = $1", expired
    )
    tokens = [token_in((await mails(platform, org, email))[0]) for email in (revoked, expired)]
    organisation, _, secret = tokens[0].partition(".")
    tokens += [f"{other.id.hex}.{secret}", f"{organisation}.x", "x", "x.y", f"{new_id().hex}.{secret}"]
    for token in tokens:
        body = {"token": token, "password": PASSWORD, **NAMES}
        answer = await platform.http.post("/api/users/invitations/accept", json=body)
        assert (answer.status_code, problem(answer)) == (404, "link-invalid"), token


async def test_who_has_an_account_is_not_invited(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, student = await org.person("org_admin"), await org.person()
    answer = await admin.http.post("/api/users/invitations", json={"email": student.email})
    assert (answer.status_code, problem(answer)) == (409, "email-taken")


async def test_an_invitation_loses_against_an_account_made_meanwhile(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin, email = await org.person("org_admin"), _email()
    await admin.http.post("/api/users/invitations", json={"email": email})
    registration = {"organisation": org.slug, "email": email, "password": PASSWORD, **NAMES}
    assert (await platform.http.post("/api/users/register", json=registration)).status_code == 201
    body = {"token": token_in((await mails(platform, org, email))[0]), "password": NEW_PASSWORD, **NAMES}
    answer = await platform.http.post("/api/users/invitations/accept", json=body)
    assert (answer.status_code, problem(answer)) == (409, "email-taken")


async def test_closed_takes_no_invitations(platform: Platform) -> None:
    org = await platform.create_organisation("invitation")
    admin, email = await org.person("org_admin"), _email()
    await admin.http.post("/api/users/invitations", json={"email": email})
    assert (await admin.http.patch("/api/users/organisation", json={"registration": "closed"})).status_code == 200
    refused = await admin.http.post("/api/users/invitations", json={"email": _email()})
    assert (refused.status_code, problem(refused)) == (403, "registration-closed")
    body = {"token": token_in((await mails(platform, org, email))[0]), "password": PASSWORD, **NAMES}
    assert (await platform.http.post("/api/users/invitations/accept", json=body)).status_code == 403


async def test_nobody_is_invited_to_run_the_platform(platform: Platform) -> None:
    org = await platform.create_organisation()
    for role in ("org_admin", "platform_admin"):
        admin = await org.person(role)
        body = {"email": _email(), "role": "platform_admin"}
        assert (await admin.http.post("/api/users/invitations", json=body)).status_code == 422


async def test_invitations_come_in_pages(platform: Platform) -> None:
    org = await platform.create_organisation()
    admin = await org.person("org_admin")
    sent = [(await admin.http.post("/api/users/invitations", json={"email": _email()})).json()["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await admin.http.get("/api/users/invitations", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == sent[::-1]
