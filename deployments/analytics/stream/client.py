"""One client of the stream: what it is sent, in which order, and when it ends."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from deployments.analytics.stream.hub import Hub, Subscription
from deployments.analytics.stream.readings import Reading
from deployments.analytics.stream.wire import Cursor, changes
from deployments.kit.streaming import HEARTBEAT, HEARTBEAT_SECONDS, RETRY, frame

_CHECK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Client:
    """`ending` says why the stream must end now (a word), or None; it is asked before anything is sent."""

    hub: Hub
    subscription: Subscription
    last_event_id: str | None
    ending: Callable[[Reading], Awaitable[str | None]]
    clock: Callable[[], float] = time.monotonic

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Everything that is sent. A client that takes its time misses what was between two states, never the last."""
        yield RETRY
        shown: Reading | None = None
        spoke_at = self.clock()
        while True:
            latest = self.subscription.feed.latest
            if (reason := await self._reason(latest)) is not None:
                yield frame("end", {"reason": reason})
                return
            assert latest is not None, "a feed without a reading is gone"
            if latest is not shown:
                news = self._told(shown, latest)
                shown = latest
            else:
                news = HEARTBEAT if self.clock() - spoke_at >= HEARTBEAT_SECONDS else None
            if news is not None:
                yield news
                spoke_at = self.clock()
            await self.subscription.wait(_CHECK_SECONDS)

    async def _reason(self, latest: Reading | None) -> str | None:
        if self.hub.closed:
            return "draining"
        if latest is None or self.subscription.feed.gone:
            return "gone"
        return await self.ending(latest)

    def _told(self, shown: Reading | None, latest: Reading) -> bytes | None:
        if shown is None:
            held = Cursor.parse(self.last_event_id)
            if held is not None and held.covers(latest.cursor, latest.touched):
                return None
            return frame("snapshot", dict(latest.document), str(latest.cursor))
        found: dict[str, Any] = changes(shown.document, latest.document)
        return frame("figures", found, str(latest.cursor)) if found else None
