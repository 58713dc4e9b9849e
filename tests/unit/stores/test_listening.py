"""Whoever listens to the database goes on listening, whatever keeps them from it."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from stores import postgres
from stores.errors import StoreError
from stores.leases import DatabaseLogin
from stores.postgres import Database
from stores.vault import Lease, VaultRefused, VaultUnavailable


class Locked:
    """A vault that gives no login, for one reason after the other; the last one holds."""

    def __init__(self, *reasons: StoreError) -> None:
        self.reasons = list(reasons)
        self.asked = asyncio.Semaphore(0)

    async def current(self) -> Lease:
        self.asked.release()
        raise self.reasons.pop(0) if len(self.reasons) > 1 else self.reasons[0]


async def test_a_vault_that_is_away_ends_no_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_LOG_IN_AGAIN_SECONDS", 0)
    vault = Locked(VaultUnavailable("away"), VaultRefused("no"), VaultUnavailable("away"))
    states: list[bool] = []
    database = Database("postgresql:///nowhere", login=cast(DatabaseLogin, vault))
    listening = asyncio.create_task(database.listen("news", lambda _: None, states.append))
    async with asyncio.timeout(20):
        for _ in range(4):
            await vault.asked.acquire()
    assert not listening.done()
    assert len(states) >= 3
    assert not any(states)
    listening.cancel()
