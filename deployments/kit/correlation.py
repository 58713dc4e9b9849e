"""One id per request, across services, logs and events: `X-Request-ID` and W3C Trace Context (`traceparent`)."""

from __future__ import annotations

import random
import re
from contextvars import ContextVar
from dataclasses import dataclass

from stores.ids import new_id

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:/+=@-]{1,128}$")
_TRACEPARENT = re.compile(r"^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Correlation:
    """The ids of one request. `traceparent` names this hop as the parent of what it calls."""

    request_id: str
    traceparent: str

    @property
    def trace_id(self) -> str:
        """What all hops of one request share."""
        return self.traceparent[3:35]

    @classmethod
    def of(cls, request_id: str | None, traceparent: str | None) -> Correlation:
        """Continue the caller's ids where they are well-formed; begin new ones where not."""
        if request_id is None or not _REQUEST_ID.match(request_id):
            request_id = str(new_id())
        match = _TRACEPARENT.match(traceparent) if traceparent else None
        # No secrets, so no system call: this runs for every request.
        trace_id, flags = (match[1], match[2]) if match else (f"{random.getrandbits(128):032x}", "00")
        return cls(request_id, f"00-{trace_id}-{random.getrandbits(64):016x}-{flags}")


current: ContextVar[Correlation | None] = ContextVar("azora_correlation", default=None)
