"""The HTTP response of a stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from uuid import UUID

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deployments.agents.repository.tasks import Row, TaskRepository
from deployments.agents.stream.hub import Hub
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.principal import Principal
from deployments.kit.streaming import HEADERS, HEARTBEAT, HEARTBEAT_SECONDS, MEDIA_TYPE, RETRY, frame, stream
from stores.errors import StoreError
from stores.postgres import Database

_LINES_AT_ONCE = 200
_CHECK_SECONDS = 1.0


class ProgressStream(Response):
    """Streams the journal of a task after the line `after`, until the task ends or the person may see no more of it.

    Raises `TooManyTaskStreams`, `TaskStreamsExhausted` before it begins.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self, hub: Hub, database: Database, sessions: LiveSessions, task_id: UUID, principal: Principal, after: int
    ) -> None:
        super().__init__(None, headers=HEADERS)
        del self.headers["content-length"]
        self._hub = hub
        self._database = database
        self._sessions = sessions
        self._task_id = task_id
        self._principal = principal
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the client leaves or the stream ends by itself."""
        draining: Callable[[], bool] = scope.get("azora.draining", bool)
        with self._hub.following(self._task_id, self._principal.user_id) as news:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await stream(self._frames(news, draining), receive, send)

    async def _frames(self, news: asyncio.Event, draining: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        yield RETRY
        after, spoke_at, looked_at = self._after, time.monotonic(), float("-inf")
        while True:
            if (reason := "draining" if draining() else await self._unwelcome()) is not None:
                yield frame("end", {"reason": reason})
                return
            if news.is_set() or time.monotonic() - looked_at >= self._hub.look_seconds:
                news.clear()
                looked_at = time.monotonic()
                lines, ended = await self._read(after)
                for line in lines:
                    after = line["seq"]
                    yield frame(line["type"], {**line["data"], "at": line["at"].isoformat()}, str(after))
                    spoke_at = time.monotonic()
                if ended:
                    yield frame("end", {"reason": "ended"})
                    return
                if len(lines) == _LINES_AT_ONCE:
                    news.set()
                    continue
            if time.monotonic() - spoke_at >= HEARTBEAT_SECONDS:
                yield HEARTBEAT
                spoke_at = time.monotonic()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_SECONDS):
                    await news.wait()

    async def _read(self, after: int) -> tuple[list[Row], bool]:
        """The next lines, and whether the last of all is among them."""
        try:
            async with self._database.transaction(self._principal.org_id, readonly=True) as connection:
                repository = TaskRepository(connection)
                progress = await repository.progress(self._task_id)
                lines = await repository.journal(self._task_id, after, _LINES_AT_ONCE)
        except StoreError:
            return [], False
        if progress is None:  # it was erased
            return [], True
        newest, ended = progress
        return lines, ended and (lines[-1]["seq"] if lines else after) >= newest

    async def _unwelcome(self) -> str | None:
        """Why this person may see no more of it."""
        if self._principal.expires_at <= time.time():
            return "expired"
        try:
            return None if await self._sessions.check(self._principal) else "revoked"
        except StoreError:
            return "unavailable"
