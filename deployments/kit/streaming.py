"""Server-sent events (WHATWG HTML, section 9.2): how a response streams them, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

import orjson
from starlette.types import Receive, Send

MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": still here\n\n"
HEARTBEAT_SECONDS = 10.0
# Where the proxy or the kernel has taken nothing for so long, nobody reads.
_SEND_SECONDS = 30.0


def frame(event: str, data: Mapping[str, Any], cursor: str | None = None) -> bytes:
    """One event. JSON has no line breaks, so a single data line holds it."""
    identity = f"id: {cursor}\n" if cursor is not None else ""
    return f"{identity}event: {event}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


async def stream(frames: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Send the body of a response that has begun, until there is no more of it, the client leaves, or takes nothing any
    more. Raises what `frames` raises."""
    pump, departure = asyncio.ensure_future(_pump(frames, send)), asyncio.ensure_future(_departure(receive))
    try:
        await asyncio.wait((pump, departure), return_when=asyncio.FIRST_COMPLETED)
    finally:
        pump.cancel()
        departure.cancel()
        await asyncio.wait((pump, departure))
    if not pump.cancelled():
        pump.result()


async def _pump(frames: AsyncGenerator[bytes, None], send: Send) -> None:
    async with aclosing(frames):
        with suppress(TimeoutError):
            async for one in frames:
                async with asyncio.timeout(_SEND_SECONDS):
                    await send({"type": "http.response.body", "body": one, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
