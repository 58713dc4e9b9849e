"""The HTTP response of a stream: it ends when the client leaves, and gives up on one that takes nothing any more."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deployments.analytics.authority import reached
from deployments.analytics.stream.client import Client
from deployments.analytics.stream.hub import Hub
from deployments.analytics.stream.readings import Reading, Watched
from deployments.kit.errors import Forbidden, NotFound
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.principal import Principal
from deployments.kit.streaming import HEADERS, MEDIA_TYPE, stream
from stores.errors import StoreError


class EventStream(Response):
    """Streams a watched scope. Raises `TooManyStreams`, `StreamsExhausted`, `StoreUnavailable` before it begins."""

    media_type = MEDIA_TYPE

    def __init__(
        self, hub: Hub, sessions: LiveSessions, watched: Watched, principal: Principal, last_event_id: str | None
    ) -> None:
        super().__init__(None, headers=HEADERS)
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
            await stream(client.frames(), receive, send)

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
