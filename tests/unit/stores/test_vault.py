"""How a client of a vault keeps its token, against answers of Vault's API written down here."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from stores.vault import Lease, Vault, VaultAccess, VaultRefused

ACCESS = VaultAccess(url="http://vault", role_id="r", secret_id=SecretStr("s"))


class Answers:
    """A vault's part: tokens of `seconds`, each renewed for as long as `renewals` says, then logins and secrets."""

    def __init__(self, seconds: float, renewals: list[float]) -> None:
        self._seconds = seconds
        self._renewals = renewals
        self.sign_ins = 0
        self.calls: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/")
        self.calls.append(path)
        if path == "auth/approle/login":
            self.sign_ins += 1
            return self._auth(f"token-{self.sign_ins}", self._seconds)
        if path == "auth/token/renew-self":
            if not self._renewals:
                return httpx.Response(403, json={"errors": ["permission denied"]})
            return self._auth(request.headers["X-Vault-Token"], self._renewals.pop(0))
        if path == "sys/leases/renew":
            return httpx.Response(200, json={"lease_duration": 3600})
        body: dict[str, Any] = {"data": {"username": "u", "password": "p"}, "renewable": True}
        return httpx.Response(200, json={**body, "lease_id": "l", "lease_duration": 3600})

    def _auth(self, token: str, seconds: float) -> httpx.Response:
        return httpx.Response(200, json={"auth": {"client_token": token, "lease_duration": seconds, "renewable": True}})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


async def _login(vault: Vault) -> Lease:
    return await vault.database_login("database/creds/azora")


async def test_a_token_is_renewed_for_as_long_as_the_vault_allows(clock: list[float]) -> None:
    answers = Answers(100, [100, 100, 30])
    async with Vault(ACCESS, httpx.MockTransport(answers)) as vault:
        lease = await _login(vault)
        for _ in range(2):
            clock[0] += 60
            assert await vault.renew(lease) == timedelta(hours=1)
            assert vault.signed_in_for == timedelta(seconds=100)
        assert answers.sign_ins == 1
        clock[0] += 60  # the vault gives 30 s more, and no more
        assert await vault.renew(lease) == timedelta(0)  # what hangs on the token must go, while that still lasts
        assert answers.sign_ins == 2
        assert await vault.renew(await _login(vault)) == timedelta(hours=1)


async def test_a_token_that_may_not_be_renewed_is_replaced(clock: list[float]) -> None:
    answers = Answers(100, [])
    async with Vault(ACCESS, httpx.MockTransport(answers)) as vault:
        lease = await _login(vault)
        clock[0] += 40
        assert await vault.renew(lease) == timedelta(hours=1)
        assert answers.sign_ins == 1
        clock[0] += 20
        assert await vault.renew(lease) == timedelta(0)
        assert answers.sign_ins == 2


async def test_a_token_without_an_end_is_left_alone(clock: list[float]) -> None:
    answers = Answers(0, [])
    async with Vault(ACCESS, httpx.MockTransport(answers)) as vault:
        lease = await _login(vault)
        clock[0] += 10**9
        assert await vault.renew(lease) == timedelta(hours=1)
        assert answers.sign_ins == 1
        assert vault.signed_in_for > timedelta(days=300)


async def test_a_refusal_is_asked_about_once_more_and_no_oftener() -> None:
    asked: list[str] = []

    def refusing(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path.endswith("login"):
            return httpx.Response(200, json={"auth": {"client_token": "t", "lease_duration": 100, "renewable": True}})
        return httpx.Response(403, json={"errors": ["permission denied"]})

    async with Vault(ACCESS, httpx.MockTransport(refusing)) as vault:
        with pytest.raises(VaultRefused):
            await vault.read_secret()
        assert len([path for path in asked if "/data/" in path]) == 2


async def test_a_missing_policy_costs_few_tokens(clock: list[float]) -> None:
    """A refusal that repeats, as everybody who follows the keys asks again each five seconds."""
    answers = Answers(10_000, [])

    def without_policy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"errors": ["no"]}) if "/data/" in request.url.path else answers(request)

    async with Vault(ACCESS, httpx.MockTransport(without_policy)) as vault:
        for _ in range(120):
            with pytest.raises(VaultRefused):
                await vault.read_secret()
            clock[0] += 5
    assert answers.sign_ins <= 3  # in ten minutes; now and then one, since a role may be given policies


async def test_a_token_is_given_back() -> None:
    answers = Answers(100, [])
    async with Vault(ACCESS, httpx.MockTransport(answers)) as vault:
        await _login(vault)
        assert "auth/token/revoke-self" not in answers.calls
    assert answers.calls[-1] == "auth/token/revoke-self"
    async with Vault(ACCESS, httpx.MockTransport(answers)):
        pass
    assert answers.calls.count("auth/token/revoke-self") == 1
