"""The HTTP response of a stream: it ends when the client leaves, and gives up on one that takes nothing any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deployments.analytics.authority import reached
from deployments.analytics.stream.client import Client
from deployments.analytics.stream.hub import Hub
from deployments.analytics.stream.readings import Reading, Watched
from deployments.kit.errors import Forbidden, NotFound
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.principal import Principal
from stores.errors import StoreError

MEDIA_TYPE = "text/event-stream"
# Where the proxy or the kernel has taken nothing for so long, nobody reads.
_SEND_SECONDS = 30.0
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class EventStream(Response):
    """Streams a watched scope. Raises `TooManyStreams`, `StreamsExhausted`, `StoreUnavailable` before it begins."""

    media_type = MEDIA_TYPE

    def __init__(
        self, hub: Hub, sessions: LiveSessions, watched: Watched, principal: Principal, last_event_id: str | None
    ) -> None:
        super().__init__(None, headers=_HEADERS)
        del self.headers["content-length"]
        self._hub = hub
        self._sessions = sessions
        self._watched = watched
        self._principal = principal
        self._last_event_id = last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the client leaves or the stream ends by itself."""
        draining: Callable[[], bool] = scope.get("azora.draining", bool)

        async def ending(latest: Reading) -> str | None:
            return "draining" if draining() else await self._unwelcome(latest)

        async with self._hub.subscription(self._watched, self._principal.user_id) as subscription:
            client = Client(hub=self._hub, subscription=subscription, last_event_id=self._last_event_id, ending=ending)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            pump, departure = (asyncio.ensure_future(work) for work in (_pump(client, send), _departure(receive)))
            try:
                await asyncio.wait((pump, departure), return_when=asyncio.FIRST_COMPLETED)
            finally:
                pump.cancel()
                departure.cancel()
                await asyncio.wait((pump, departure))
            if not pump.cancelled():
                pump.result()

    async def _unwelcome(self, latest: Reading) -> str | None:
        """Why this person may see no more of it."""
        if self._principal.expires_at <= time.time():
            return "expired"
        try:
            if not await self._sessions.check(self._principal):
                return "revoked"
        except StoreError:
            return "unavailable"
        if latest.course is not None:
            try:
                reached(self._principal, latest.course)
            except (Forbidden, NotFound):
                return "forbidden"
        return None


async def _pump(client: Client, send: Send) -> None:
    async with aclosing(client.frames()) as frames:
        with suppress(TimeoutError):
            async for frame in frames:
                async with asyncio.timeout(_SEND_SECONDS):
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
