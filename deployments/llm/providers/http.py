"""HTTP towards upstreams, over aiohttp: a tenth of httpx's time per call, measured on both.

Redirects are not followed, so that a key never travels to another host; proxies of the environment are not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson

from deployments.llm.conversation import Accepted, ProviderEvent
from deployments.llm.errors import (
    ContextTooLong,
    LlmError,
    RequestRefused,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamRefused,
    UpstreamUnavailable,
)
from deployments.llm.providers.server_sent_events import EventReader

_ACCEPTED: Sequence[ProviderEvent] = (Accepted(),)
_REFUSAL_BYTES = 65_536
_REFUSAL_SECONDS = 5.0
_DRAIN_SECONDS = 0.25
_ANSWER_BYTES = 268_435_456
_DETAIL_CHARACTERS = 500
_KEEPALIVE_SECONDS = 30.0
_TRANSIENT = {408, 409, 425}
_TOO_LONG = ("context length", "context_length", "maximum context", "context window", "prompt is too long")
_EXHAUSTED = {"insufficient_quota", "billing_hard_limit_reached", "enforced_spend_limit_reached"}

Reading = Callable[[Any], tuple[str, str]]


class HttpPool:
    """The connections of this process to every upstream. Opened at first use, on the loop that uses it."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # No limit here: admission bounds the calls of each target.
            connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=_KEEPALIVE_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def until_cancelled(self) -> None:
        """Wait for the end of the process's work, and close then."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()


class Upstream:
    """One server: an address, the headers that it wants, and how it words its refusals."""

    def __init__(
        self, pool: HttpPool, base_url: str, headers: Mapping[str, str], connect_seconds: float, reading: Reading
    ) -> None:
        self._pool = pool
        self._base_url = base_url.rstrip("/")
        self._headers = {"content-type": "application/json", **headers}
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_seconds)
        self._reading = reading

    async def stream(self, path: str, body: bytes) -> EventStream:
        """Post, and read events. Raises an `LlmError` where the answer is no 200."""
        return EventStream(await self._post(path, body, {"accept": "text/event-stream", "accept-encoding": "identity"}))

    async def fetch(self, path: str, body: bytes) -> Any:
        """Post, and decode the whole JSON answer. Raises an `LlmError` where it is no 200 or no JSON."""
        response = await self._post(path, body, {"accept": "application/json"})
        try:
            return orjson.loads(await _read(response, _ANSWER_BYTES))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UpstreamBroken("The upstream's answer cannot be read") from error
        finally:
            response.close()

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        url = f"{self._base_url}/{path}"
        try:
            response = await self._pool.session.post(
                url, data=body, headers={**self._headers, **headers}, timeout=self._timeout, allow_redirects=False
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise UpstreamUnavailable("The upstream cannot be reached") from error
        if response.status == 200:
            return response
        try:
            raise await self._refusal(response)
        finally:
            response.close()

    async def _refusal(self, response: aiohttp.ClientResponse) -> LlmError:
        code = message = ""
        try:
            async with asyncio.timeout(_REFUSAL_SECONDS):
                code, message = self._reading(orjson.loads(await _read(response, _REFUSAL_BYTES)))
        except (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError, AttributeError):
            pass  # the status alone says enough
        return refusal(response.status, code, message, retry_after_seconds(response.headers, datetime.now(UTC)))


class EventStream:
    """The events of one answer."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._reader = EventReader()
        self._drained = False

    async def read(self) -> list[bytes] | None:
        """The data of at least one event, everything that has arrived; None at the end of the answer.

        Raises `UpstreamBroken` where it was cut.
        """
        content = self._response.content
        while not self._drained:
            try:
                portion = await content.readany()
            except (aiohttp.ClientError, OSError) as error:
                raise UpstreamBroken("The upstream cut the answer off") from error
            if not portion:
                return self._reader.rest() or None
            if events := self._reader.feed(portion):
                return events
        return None

    async def drain(self) -> None:
        """After the last event: wait a moment for the end of the answer, so that the connection can be used again."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while await self._response.content.readany():
                    pass
        except (aiohttp.ClientError, OSError):
            self._response.close()
        self._drained = True

    def close(self) -> None:
        """Give the connection back where the answer was read to its end; else close it, which stops the upstream."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


async def relay(
    upstream: Upstream, path: str, body: bytes, read: Callable[[bytes, list[ProviderEvent]], bool]
) -> AsyncGenerator[Sequence[ProviderEvent], None]:
    """Post, and translate the events of the answer (`Provider.chat`).

    `read` appends what an event says and tells whether it was the last one; where it raises, what came before is still
    given.
    """
    stream = await upstream.stream(path, body)
    try:
        yield _ACCEPTED
        while (payloads := await stream.read()) is not None:
            events: list[ProviderEvent] = []
            try:
                if any(read(payload, events) for payload in payloads):
                    await stream.drain()
            except LlmError:
                if events:
                    yield events
                raise
            if events:
                yield events
    finally:
        stream.close()


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while portion := await response.content.readany():
        parts.append(portion)
        size += len(portion)
        if size > limit_bytes:
            raise ValueError("the answer is too long")
    return b"".join(parts)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """When to come back, of `retry-after-ms` and `Retry-After` (RFC 9110: seconds or a date); None: it does not say."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(float(milliseconds) / 1000, 0.0)
        value = headers.get("retry-after", "")
        if value.replace(".", "", 1).isdigit():
            return float(value)
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0) if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def refusal(status: int, code: str, message: str, retry_after: float | None) -> LlmError:
    """What an upstream's refusal means to us, by its HTTP status and its own words."""
    detail = message[:_DETAIL_CHARACTERS]
    if status == 429:
        return UpstreamBusy(upstream_status=status, retry_after_seconds=retry_after, exhausted=code in _EXHAUSTED)
    if status >= 500 or status in _TRANSIENT:
        return UpstreamUnavailable(upstream_status=status, retry_after_seconds=retry_after)
    if status == 413 or (status in (400, 422) and any(w in f"{code} {message}".lower() for w in _TOO_LONG)):
        return ContextTooLong(detail or None)
    if status in (400, 422):
        return RequestRefused(detail or None)
    return UpstreamRefused(upstream_status=status)  # who we are, or what we ask for, is not known there
