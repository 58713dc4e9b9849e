"""A provider that misbehaves on purpose, on a socket of its own, by a schedule written down beforehand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.patience import patiently

# Answers one request; whether the connection goes on.
Behaviour = Callable[["Exchange"], Coroutine[Any, Any, bool]]


@dataclass
class Exchange:
    """One request, and the pen to answer it with."""

    path: str
    headers: dict[str, str]
    body: Any
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def head(self, status: int = 200, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def begin(self) -> None:
        await self.head(content_type="text/event-stream", transfer_encoding="chunked")

    async def data(self, payload: object) -> None:
        raw = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        await self.raw(b"data: " + raw + b"\n\n")

    async def raw(self, content: bytes) -> None:
        await self.send(f"{len(content):x}\r\n".encode(), content, b"\r\n")

    async def end(self) -> bool:
        await self.send(b"0\r\n\r\n")
        return True

    async def whole(self, status: int, body: object, **headers: str) -> bool:
        content = orjson.dumps(body)
        await self.head(status, content_type="application/json", content_length=str(len(content)), **headers)
        await self.send(content)
        return True


def chunk(delta: dict[str, Any] | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}


def counted(prompt: int, completion: int) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def says(*words: str, usage: dict[str, Any] | None = None, done: bool = True) -> Behaviour:
    """A well-behaved answer."""

    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        await exchange.data(chunk({"role": "assistant", "content": ""}))
        for word in words:
            await exchange.data(chunk({"content": word}))
        await exchange.data(chunk({}, "stop"))
        if usage is not None:
            await exchange.data(chunk(usage=usage))
        if done:
            await exchange.data(b"[DONE]")
        return await exchange.end()

    return behave


def after(seconds: float, then: Behaviour, *, headers_first: bool = False) -> Behaviour:
    """Waits before the first token."""

    async def behave(exchange: Exchange) -> bool:
        if headers_first:
            await exchange.begin()
            await exchange.data(chunk({"role": "assistant", "content": ""}))
        await asyncio.sleep(seconds)
        return await then(exchange)

    return behave


def stalls(*words: str, seconds: float = 30.0, comments: bool = False) -> Behaviour:
    """Speaks, then falls silent; perhaps still says that the connection lives."""

    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        for word in words:
            await exchange.data(chunk({"content": word}))
        for _ in range(int(seconds / 0.02)):
            await asyncio.sleep(0.02)
            if comments:
                await exchange.raw(b": still here\n\n")
        return False

    return behave


def cuts(*words: str) -> Behaviour:
    """Closes the connection in the middle of the answer."""

    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        for word in words:
            await exchange.data(chunk({"content": word}))
        await exchange.send(b"40\r\ndata: {")
        return False

    return behave


def refuses(status: int, body: object | None = None, **headers: str) -> Behaviour:
    """Answers with an error."""

    async def behave(exchange: Exchange) -> bool:
        error = {"error": {"message": f"status {status}", "type": "t", "code": None}}
        return await exchange.whole(status, error if body is None else body, **headers)

    return behave


def hangs_up() -> Behaviour:
    """Closes the connection without a word."""

    async def behave(_exchange: Exchange) -> bool:
        return False

    return behave


def malformed(*words: str, junk: bytes = b'{"choices": [{"delta": {"content": 7}}]}') -> Behaviour:
    """Speaks, then sends what is no chunk."""

    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        for word in words:
            await exchange.data(chunk({"content": word}))
        await exchange.data(junk)
        return await exchange.end()

    return behave


def endless(word: str = "and so on ", pause: float = 0.0) -> Behaviour:
    """Never stops."""

    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        while not exchange.writer.is_closing():
            await exchange.data(chunk({"content": word}))
            await asyncio.sleep(pause)
        return False

    return behave


def huge_line(*words: str) -> Behaviour:
    """Speaks, then sends one line that never ends."""

    async def behave(exchange: Exchange) -> bool:
        await exchange.begin()
        for word in words:
            await exchange.data(chunk({"content": word}))
        await exchange.raw(b"data: ")
        while not exchange.writer.is_closing():
            await exchange.raw(b"x" * 65_536)
        return False

    return behave


@dataclass
class Upstream:
    """Answers each request with the next behaviour of the schedule, then with the last one for ever."""

    schedule: deque[Behaviour]
    port: int = 0
    requests: list[Exchange] = field(default_factory=list)
    open_connections: int = 0
    connections: int = 0
    keep_requests: bool = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @classmethod
    @asynccontextmanager
    async def running(cls, *schedule: Behaviour) -> AsyncIterator[Upstream]:
        upstream = cls(deque(schedule))
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(upstream._serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        upstream.port = server.sockets[0].getsockname()[1]
        try:
            yield upstream
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_connections += 1
        self.connections += 1
        try:
            while (exchange := await self._request(reader, writer)) is not None:
                behaviour = self.schedule.popleft() if len(self.schedule) > 1 else self.schedule[0]
                if not await _watched(behaviour(exchange), reader):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_connections -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange | None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        exchange = Exchange(lines[0].split(" ")[1], headers, orjson.loads(body), writer)
        if self.keep_requests:
            self.requests.append(exchange)
        return exchange

    async def settled(self, *, at_most: int = 0) -> bool:
        """Whether no more connections are open, or soon will be."""
        async for _ in patiently(0.01):
            if self.open_connections <= at_most:
                return True
        return False


async def _watched(behaviour: Coroutine[Any, Any, bool], reader: asyncio.StreamReader) -> bool:
    """Go on until the client leaves, which is noticed within a few milliseconds."""
    task = asyncio.create_task(behaviour)
    try:
        while not (await asyncio.wait({task}, timeout=0.005))[0]:
            if reader.at_eof():
                return False
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
