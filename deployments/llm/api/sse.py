"""A streamed answer: OpenAI's `chat.completion.chunk`s as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import orjson

from configs.errors import AzoraError
from deployments.llm.api.answers import Head, usage_body
from deployments.llm.api.errors import error_body
from deployments.llm.call import Source
from deployments.llm.conversation import Event, Finish, RefusalDelta, TextDelta
from deployments.llm.filters import Filter, filtered
from stores.metrics import http

MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_DONE = b"data: [DONE]\n\n"


class ChunkEncoder:
    """Encodes one answer. What all chunks share is encoded once."""

    def __init__(self, head: Head, *, include_usage: bool) -> None:
        shared = {"id": head.id, "object": "chat.completion.chunk", "created": head.created, "model": head.model}
        self._opening = b"data: " + orjson.dumps(shared)[:-1]
        # Where usage is wanted every chunk has it: null, but in the last.
        ending = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self._before = self._opening + b',"choices":[{"index":0,"delta":'
        self._after = b',"logprobs":null,"finish_reason":null}]' + ending
        self._ending = ending
        self._include_usage = include_usage

    def start(self) -> bytes:
        """The first chunk: who speaks."""
        return self._before + b'{"role":"assistant","content":"","refusal":null}' + self._after

    def event(self, event: Event) -> bytes:
        """A delta's chunk; of a Finish, the last chunks and the end."""
        if isinstance(event, TextDelta):
            return self._before + b'{"content":' + orjson.dumps(event.text) + b"}" + self._after
        if isinstance(event, Finish):
            return self._finish(event)
        if isinstance(event, RefusalDelta):
            delta: dict[str, Any] = {"refusal": event.text}
        else:
            function: dict[str, Any] = {"name": event.name} if event.name else {}
            call: dict[str, Any] = {"index": event.index, "function": {**function, "arguments": event.arguments}}
            delta = {"tool_calls": [{**call, "id": event.id, "type": "function"} if event.id else call]}
        return self._before + orjson.dumps(delta) + self._after

    def _finish(self, finish: Finish) -> bytes:
        reason = orjson.dumps(finish.reason)
        last = self._before + b'{},"logprobs":null,"finish_reason":' + reason + b"}]" + self._ending
        if self._include_usage:
            usage = orjson.dumps(usage_body(finish.usage))
            last += self._opening + b',"choices":[],"usage":' + usage + b"}\n\n"
        return last + _DONE


def error_event(error: AzoraError) -> bytes:
    """How a stream that broke says so. Nothing follows it, not even `[DONE]`: OpenAI's clients raise on it."""
    http.problem(error.type)
    return b"data: " + orjson.dumps(error_body(error)) + b"\n\n"


async def encoded(
    call: Source,
    rule: Filter,
    encoder: ChunkEncoder,
    settle: Callable[[], Awaitable[None]],
    tape: list[Event] | None = None,
) -> AsyncGenerator[bytes, None]:
    """The stream's bytes as the filter lets them through, one portion for each batch. Begin the call before.

    What is sent is written on the `tape`, where there is one.

    `settle` is awaited exactly once, when the call is closed and before the end of the answer, or an error, is sent;
    also where the stream is closed early. What it raises ends the stream with an error: no answer ends unsettled.
    """
    settled = False
    portion = encoder.start()
    try:
        async with aclosing(filtered(call, rule)) as batches:
            async for batch in batches:
                if tape is not None:
                    tape += batch
                for event in batch:
                    if isinstance(event, Finish):
                        settled = True
                        await settle()
                    portion += encoder.event(event)
                yield portion
                portion = b""
    except AzoraError as error:
        if not settled:
            settled = True
            await settle()
        yield portion + error_event(error)
    finally:
        await call.close()
        if not settled:
            await settle()
