"""Changing and resetting passwords."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import pytest

from configs.settings import Settings
from deployments.kit.passwords import Passwords
from stores.ids import new_id
from tests.integration.users.support import (
    NEW_PASSWORD,
    answer_reset_requests,
    events,
    mails,
    problem,
    refreshes,
    rows,
    token_in,
    try_sign_in,
)
from tests.platform import PASSWORD, Account, Organisation, Platform


async def _request(platform: Platform, org: Organisation, email: str) -> Any:
    body = {"organisation": org.slug, "email": email}
    return await platform.http.post("/api/users/password-resets", json=body)


async def _confirm(platform: Platform, token: str, password: str = NEW_PASSWORD) -> Any:
    body = {"token": token, "password": password}
    return await platform.http.post("/api/users/password-resets/confirm", json=body)


async def _link(platform: Platform, settings: Settings, person: Account) -> str:
    assert (await _request(platform, person.org, person.email)).status_code == 202
    await answer_reset_requests(settings)
    return token_in((await mails(platform, person.org, person.email))[-1])


async def test_changing_ends_the_other_sessions(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person(fresh=True)
    other = await platform.sign_in(org, person.email)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await person.http.put("/api/users/me/password", json=body)).status_code == 204
    assert await refreshes(platform, person)
    assert not await refreshes(platform, other)
    assert await try_sign_in(platform, org, person.email, PASSWORD) == 401
    assert await try_sign_in(platform, org, person.email, NEW_PASSWORD) == 201
    assert await events(platform, org, "password.changed.v1", person.id)
    assert "changed" in (await mails(platform, org, person.email))[0]["subject"]


async def test_changing_needs_the_current_password(platform: Platform) -> None:
    person = await (await platform.create_organisation()).person(fresh=True)
    for current, new, status in (("wrong", NEW_PASSWORD, 403), (PASSWORD, "short", 422), (PASSWORD, person.email, 422)):
        body = {"current_password": current, "new_password": new}
        assert (await person.http.put("/api/users/me/password", json=body)).status_code == status
    assert await refreshes(platform, person)


async def test_the_current_password_cannot_be_guessed_with_a_token(platform: Platform) -> None:
    person = await (await platform.create_organisation()).person(fresh=True)
    body = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    statuses = [(await person.http.put("/api/users/me/password", json=body)).status_code for _ in range(12)]
    assert statuses[:10] == [403] * 10
    assert statuses[10:] == [429] * 2


async def test_of_two_changes_at_once_one_wins(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person(fresh=True)
    candidates = [f"{NEW_PASSWORD} {n}" for n in range(4)]
    answers = await asyncio.gather(
        *(
            person.http.put("/api/users/me/password", json={"current_password": PASSWORD, "new_password": candidate})
            for candidate in candidates
        )
    )
    statuses = [answer.status_code for answer in answers]
    winner = candidates[statuses.index(204)]
    # Who comes late finds another hash than the one it compared with, or another password altogether.
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 403, 409}
    assert await try_sign_in(platform, org, person.email, winner) == 201


async def test_resetting(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    person = await org.person(fresh=True)
    token = await _link(platform, settings, person)
    assert not await rows(platform, org, "select from password_reset_requests")
    assert (await _confirm(platform, token, "short")).status_code == 422
    assert (await _confirm(platform, token, person.email)).status_code == 422
    answers = await asyncio.gather(*(_confirm(platform, token) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404, 404]
    assert not await refreshes(platform, person)
    assert await try_sign_in(platform, org, person.email, PASSWORD) == 401
    assert await try_sign_in(platform, org, person.email, NEW_PASSWORD) == 201
    assert await events(platform, org, "password_reset.requested.v1", person.id)
    assert await events(platform, org, "password.reset.v1", person.id)


async def test_one_reset_voids_the_other_links(platform: Platform, settings: Settings) -> None:
    person = await (await platform.create_organisation()).person(fresh=True)
    first, second = await _link(platform, settings, person), await _link(platform, settings, person)
    assert (await _confirm(platform, second)).status_code == 204
    assert problem(await _confirm(platform, first)) == "link-invalid"


async def test_expired_foreign_and_made_up_links(platform: Platform, settings: Settings) -> None:
    org, other = await platform.create_organisation(), await platform.create_organisation()
    person = await org.person(fresh=True)
    token = await _link(platform, settings, person)
    secret = token.partition(".")[2]
    for wrong in (f"{other.id.hex}.{secret}", f"{org.id.hex}.{secret}x", "x", ".", f"{new_id().hex}.{secret}"):
        assert (await _confirm(platform, wrong)).status_code == 404
    await rows(platform, org, "update password_resets set expires_at = now() where user_id = $1", person.id)
    assert (await _confirm(platform, token)).status_code == 404
    assert await try_sign_in(platform, org, person.email, PASSWORD) == 201


async def test_deactivated_people_reset_nothing(platform: Platform, settings: Settings) -> None:
    org = await platform.create_organisation()
    admin, person = await org.person("org_admin"), await org.person(fresh=True)
    token = await _link(platform, settings, person)
    assert (await admin.http.post(f"/api/users/{person.id}/deactivate")).status_code == 200
    assert (await _confirm(platform, token)).status_code == 404
    await answer_reset_requests(settings)
    assert (await _request(platform, org, person.email)).status_code == 202
    assert await answer_reset_requests(settings) == 1
    assert len(await mails(platform, org, person.email)) == 1


async def test_a_request_tells_nothing_about_the_account(
    platform: Platform, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known or not, the same answer by the same work: the same statements, and no password is compared or hashed."""
    org = await platform.create_organisation()
    person = await org.person(fresh=True)
    hashed: list[str] = []
    for method in ("hash", "verify"):
        monkeypatch.setattr(Passwords, method, lambda *_: hashed.append("bcrypt"))
    await _request(platform, org, "warm@example.org")  # statements are prepared once for each connection
    await answer_reset_requests(settings)
    traces, answers = [], []
    for email in (person.email, "nobody@example.org"):
        trace: list[str] = []
        with _statements(trace):
            answers.append(await _request(platform, org, email))
        traces.append(trace)
    assert traces[0] == traces[1]
    assert any("password_reset_requests" in statement for statement in traces[0])
    assert not any("from users" in statement for statement in traces[0])
    assert hashed == []
    assert answers[0].status_code == answers[1].status_code == 202
    assert answers[0].content == answers[1].content
    assert await answer_reset_requests(settings) == 2
    assert len(await mails(platform, org, person.email)) == 1
    assert not await mails(platform, org, "nobody@example.org")


_trace: ContextVar[list[str] | None] = ContextVar("trace", default=None)


@contextmanager
def _statements(trace: list[str]) -> Iterator[None]:
    """Notes every statement that requests made in this context run; background work has contexts of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "fetch", "fetchrow", "fetchval"):
            patch.setattr(asyncpg.Connection, name, _noted(getattr(asyncpg.Connection, name)))
        token = _trace.set(trace)
        try:
            yield
        finally:
            _trace.reset(token)


def _noted(original: Any) -> Any:
    def noted(self: Any, query: str, *args: Any, **more: Any) -> Any:
        if (trace := _trace.get()) is not None:
            trace.append(query.partition("'")[0] if query.startswith(("begin", "set local")) else query)
        return original(self, query, *args, **more)

    return noted


async def test_unknown_organisations_are_answered_the_same(platform: Platform) -> None:
    known = await _request(platform, await platform.create_organisation(), "nobody@example.org")
    body = {"organisation": f"nowhere-{new_id().hex}", "email": "nobody@example.org"}
    unknown = await platform.http.post("/api/users/password-resets", json=body)
    assert (unknown.status_code, unknown.content) == (known.status_code, known.content)


async def test_requests_for_one_address_are_limited_known_or_not(platform: Platform) -> None:
    org = await platform.create_organisation()
    person = await org.person(fresh=True)
    for email in (person.email, "nobody@example.org"):
        statuses = [(await _request(platform, org, email)).status_code for _ in range(7)]
        assert statuses == [202] * 5 + [429] * 2


async def test_signing_in_compares_one_hash_known_or_not(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    org = await platform.create_organisation()
    person = await org.person(fresh=True)
    compared: list[str] = []
    verify = Passwords.verify

    async def counting(self: Passwords, password: str, hashed: str | None) -> bool:
        compared.append("known" if hashed else "unknown")
        return await verify(self, password, hashed)

    monkeypatch.setattr(Passwords, "verify", counting)
    for email in (person.email, "nobody@example.org"):
        assert await try_sign_in(platform, org, email, "wrong") == 401
    assert compared == ["known", "unknown"]
