"""The routes that models are asked through, as bare ASGI: every call pays for what stands around it.

Whoever leaves before the answer ends the call at the upstream.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from deployments.kit.errors import PayloadTooLarge
from deployments.kit.gate import Direct, Receive, Scope, Send
from deployments.llm.api import answers, sse
from deployments.llm.api.answers import Head
from deployments.llm.api.schemas import parse_chat, parse_embeddings
from deployments.llm.caller import Caller
from deployments.llm.errors import InvalidRequest
from deployments.llm.service.answering import Answering, Conversation
from stores.ids import new_id

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
COST_HEADER = b"x-azora-cost-microdollars"
MAX_BODY_BYTES = 4_194_304
_UNWATCHED_SECONDS = 0.2
_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    *((name.encode(), value.encode()) for name, value in sse.HEADERS.items()),
]


class DirectRoutes:
    """Parses, asks, and writes what comes."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    def table(self) -> Direct:
        """What the gate needs."""
        return {("POST", CHAT): self.chat, ("POST", EMBEDDINGS): self.embeddings}

    async def chat(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /v1/chat/completions`."""
        question = parse_chat(await _body(scope, receive))
        caller = Caller.of(scope["azora.principal"], dict(scope["headers"]))
        head = Head(f"chatcmpl-{new_id().hex}", int(time.time()), question.request.model)
        async with (
            _while_there(receive) as presence,
            await self._answering.chat(caller, question) as conversation,
        ):
            if question.stream:
                await _stream(send, conversation, sse.ChunkEncoder(head, include_usage=question.include_usage))
            else:
                completion = await conversation.whole()
                cost = conversation.cost_microdollars()
        if presence.gone:
            return
        if question.stream:
            await send({"type": "http.response.body", "body": b""})
        else:
            await _send_json(send, answers.completion_body(completion, head), [(COST_HEADER, str(cost).encode())])

    async def embeddings(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /v1/embeddings`."""
        question = parse_embeddings(await _body(scope, receive))
        caller = Caller.of(scope["azora.principal"], dict(scope["headers"]))
        async with _while_there(receive) as presence:
            found = await self._answering.embed(caller, question)
        if not presence.gone:
            body = answers.embeddings_body(found, question.request.model, as_base64=question.base64)
            await _send_json(send, body)


@dataclass(slots=True)
class _Presence:
    gone: bool = False


@asynccontextmanager
async def _while_there(receive: Receive) -> AsyncIterator[_Presence]:
    """Ends the block early where the client leaves, and says so. The body must have been read, and the last of the
    answer is for after the block: with it servers report the end of the exchange as if the client had left.
    """
    presence, working = _Presence(), asyncio.current_task()
    assert working is not None

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        presence.gone = True
        working.cancel()

    watcher: asyncio.Task[None] | None = None

    def begin() -> None:
        nonlocal watcher
        watcher = asyncio.create_task(watch())

    # Most answers are there before, and watching costs more than it would save of the others.
    beginning = asyncio.get_running_loop().call_later(_UNWATCHED_SECONDS, begin)
    try:
        yield presence
    except asyncio.CancelledError:
        if not presence.gone or working.uncancel() > 0:  # somebody else ends us, too
            raise
    finally:
        beginning.cancel()
        if watcher is not None:
            watcher.cancel()


async def _stream(send: Send, conversation: Conversation, encoder: sse.ChunkEncoder) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_STREAM_HEADERS)})
    portions = sse.encoded(conversation.source, conversation.rule, encoder, conversation.settle, conversation.tape)
    async with aclosing(portions):
        async for portion in portions:
            await send({"type": "http.response.body", "body": portion, "more_body": True})
    await conversation.keep_tape()


async def _body(scope: Scope, receive: Receive) -> bytes:
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
        raise PayloadTooLarge(f"At most {MAX_BODY_BYTES} bytes")
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The body is not whole")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"At most {MAX_BODY_BYTES} bytes")
    return b"".join(parts)


async def _send_json(send: Send, body: bytes, more: list[tuple[bytes, bytes]] | None = None) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *(more or [])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
