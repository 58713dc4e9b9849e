"""How data keys are followed, against answers of a vault that are written down here."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
from pydantic import SecretStr

from stores.sealing import Keyring
from stores.vault import Vault, VaultAccess
from stores.vault_keys import follow_data_keys
from tests.patience import patiently

_ACCESS = VaultAccess(url="http://vault", role_id="r", secret_id=SecretStr("s"))


async def test_an_answer_that_nobody_expects_does_not_end_the_following() -> None:
    first = Keyring.new_key("k1")
    keys = f"{Keyring.new_key('k2')},{first}"
    answers = iter([httpx.Response(200, text="<html>"), httpx.Response(200, json={"data": None})])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("login"):
            return httpx.Response(200, json={"auth": {"client_token": "t", "lease_duration": 100, "renewable": True}})
        good = {"data": {"data": {"data_keys": keys}, "metadata": {"version": 1}}}
        return next(answers, httpx.Response(200, json=good))

    ring = Keyring.parse(first)
    async with Vault(_ACCESS, httpx.MockTransport(answer)) as vault:
        following = asyncio.create_task(follow_data_keys(vault, ring, timedelta(milliseconds=10)))
        async for _ in patiently():
            if ring.active == "k2" or following.done():
                break
        assert not following.done()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
