"""Waiting longer after each failed sign-in to an account, counted in Valkey."""

from __future__ import annotations

import hashlib

from deployments.sessions.errors import SigningInTooOften
from stores import valkey
from stores.valkey import Valkey

_FREE_FAILURES = 5
_LONGEST_WAIT_SECONDS = 60  # short enough that an attacker cannot lock a person out for long
_MEMORY_SECONDS = 3600


class Backoff:
    """After five failures each further one doubles the wait, from one second up to a minute."""

    def __init__(self, client: Valkey) -> None:
        self._client = client

    @staticmethod
    def _key(organisation: str, email: str) -> str:
        # Hashed: whoever reads the store need not learn who tried to sign in.
        return f"failures:{hashlib.sha256(f'{organisation}/{email}'.encode()).hexdigest()}"

    async def check(self, organisation: str, email: str) -> bool:
        """Whether there were failures. Raises `SigningInTooOften` while the account has to wait."""
        key = self._key(organisation, email)
        with valkey.translated():
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.exists(key)
                pipe.pttl(f"{key}:wait")
                failures, wait_ms = await pipe.execute()
        if wait_ms > 0:
            raise SigningInTooOften(-(-wait_ms // 1000))
        return bool(failures)

    async def failed(self, organisation: str, email: str) -> None:
        """Count a failure."""
        key = self._key(organisation, email)
        with valkey.translated():
            async with self._client.pipeline(transaction=True) as pipe:
                pipe.incr(key)
                pipe.expire(key, _MEMORY_SECONDS)
                count = (await pipe.execute())[0]
            if count >= _FREE_FAILURES:
                seconds = min(2 ** min(count - _FREE_FAILURES, 10), _LONGEST_WAIT_SECONDS)
                await self._client.set(f"{key}:wait", b"", ex=seconds)

    async def forget(self, organisation: str, email: str) -> None:
        """Begin again, after a success."""
        key = self._key(organisation, email)
        with valkey.translated():
            await self._client.delete(key, f"{key}:wait")
