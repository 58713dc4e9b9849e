"""An HTTP client that acts as many people, waits when it is told to, and never gives up silently."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

_ATTEMPTS = 60
_RETRIED = {429, 502, 503}


class Refused(Exception):
    """The platform refused a request that must succeed."""

    def __init__(self, method: str, path: str, status: int, body: Any) -> None:
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status
        self.body = body


@dataclass
class Identity:
    """Somebody who can sign in; the token is fetched at first use and again when it has expired."""

    organisation: str
    email: str
    password: str
    token: str | None = None


class Client:
    """Requests with retries on 429, 502, 503 and broken connections. Every POST carries an Idempotency-Key, so that
    a repetition has no second effect."""

    def __init__(self, base_url: str, concurrency: int) -> None:
        self._base_url = base_url
        self._connector = aiohttp.TCPConnector(limit=concurrency)
        self._session: aiohttp.ClientSession | None = None
        self.requests = 0
        self.retries = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            self._base_url, connector=self._connector, timeout=aiohttp.ClientTimeout(total=60)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        who: Identity | None = None,
        json: Any = None,
        text: str | None = None,
        key: str | None = None,
        accept: tuple[int, ...] = (200, 201, 204),
    ) -> tuple[int, Any]:
        """Status and decoded body. Raises `Refused` for any status that `accept` does not have."""
        headers = {"idempotency-key": key} if key else {}
        if text is not None:
            headers["content-type"] = "text/csv"
        for _ in range(_ATTEMPTS):
            if who is not None:
                headers["authorization"] = f"Bearer {await self.token(who)}"
            status, body, wait = await self._once(method, path, headers, json, text)
            if status == 401 and who is not None:
                who.token = None
            elif status in _RETRIED:
                await asyncio.sleep(wait)
            elif status in accept:
                return status, body
            else:
                raise Refused(method, path, status, body)
            self.retries += 1
        raise Refused(method, path, status, body)

    async def _once(
        self, method: str, path: str, headers: dict[str, str], json: Any, text: str | None
    ) -> tuple[int, Any, float]:
        assert self._session is not None
        self.requests += 1
        try:
            async with self._session.request(method, path, headers=headers, json=json, data=text) as answer:
                body = await (answer.json() if "json" in answer.content_type else answer.text())
                return answer.status, body, float(answer.headers.get("retry-after", "1"))
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            return 503, repr(error), 0.5

    async def token(self, who: Identity) -> str:
        """An access token of theirs; signs in at first use."""
        return who.token or await self._sign_in(who)

    async def _sign_in(self, who: Identity) -> str:
        credentials = {"organisation": who.organisation, "email": who.email, "password": who.password}
        _, tokens = await self.call("POST", "/api/sessions", json=credentials)
        who.token = tokens["access_token"]
        assert who.token is not None
        return who.token
