"""A model of fixed latency that speaks OpenAI's API: python -m benchmarks.llm.upstream PORT

The first token comes after 20 ms. Where the model is named `slow`, seven more come 2 ms apart; otherwise all come with
it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import orjson
import uvloop

LATENCY_SECONDS = 0.02
_PAUSE_SECONDS = 0.002
_WORDS = 8
_USAGE = {"prompt_tokens": 12, "completion_tokens": _WORDS, "total_tokens": 12 + _WORDS}


def _event(payload: object) -> bytes:
    return b"data: " + orjson.dumps(payload) + b"\n\n"


_SHARED = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "up"}


def _chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _event({**_SHARED, "choices": [choice]})


_FIRST = _chunk({"role": "assistant", "content": "word "})
_NEXT = _chunk({"content": "word "})
_LAST = (
    _chunk({}, "stop")
    + _event(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "up", "choices": [], "usage": _USAGE}
    )
    + b"data: [DONE]\n\n"
)
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_MESSAGE = {"role": "assistant", "content": "word " * _WORDS}
_WHOLE = orjson.dumps(
    {
        "id": "c", "object": "chat.completion", "created": 1, "model": "up", "usage": _USAGE,
        "choices": [{"index": 0, "message": _MESSAGE, "finish_reason": "stop"}],
    }
)  # fmt: skip
_WHOLE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_WHOLE)


def _portion(content: bytes) -> bytes:
    return b"%x\r\n" % len(content) + content + b"\r\n"


class Model(asyncio.Protocol):
    """One connection; one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0].strip()
        if not found or len(rest) < int(length or 0):
            return
        self._buffer = b""
        body = orjson.loads(rest or b"{}")
        loop = asyncio.get_running_loop()
        loop.call_later(LATENCY_SECONDS, self._answer, bool(body.get("stream")), body.get("model") == "slow")

    def _answer(self, stream: bool, slow: bool) -> None:
        if not stream:
            self._transport.write(_WHOLE_HEAD + _WHOLE)
        elif slow:
            self._transport.write(_STREAM_HEAD + _portion(_FIRST))
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._next, _WORDS - 1)
        else:
            everything = _FIRST + _NEXT * (_WORDS - 1) + _LAST
            self._transport.write(_STREAM_HEAD + _portion(everything) + b"0\r\n\r\n")

    def _next(self, left: int) -> None:
        if left:
            self._transport.write(_portion(_NEXT))
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._next, left - 1)
        else:
            self._transport.write(_portion(_LAST) + b"0\r\n\r\n")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
