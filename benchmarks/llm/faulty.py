"""A model that does what it is asked to do wrong, over HTTP, and counts what it has said."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any, cast

import orjson
from aiohttp import web

WORDS = 8
PROMPT_TOKENS = 12
WORD = "word "
ENDLESS_PORTION = WORD * 50
STEADY = "steady"


class FaultyModel:
    """`shaky` fails as the last word of the question says, `steady` never does. `asked` counts by model and fault;
    `answering` tells how many answers are on their way now, `told` the tokens that `steady` reported.
    """

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.answering = 0
        self.told = 0

    def application(self) -> web.Application:
        """What serves it."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._chat)
        return application

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        model, fault = body["model"], body["messages"][-1]["content"].split()[-1]
        self.asked[model, fault] += 1
        self.answering += 1
        try:
            return await self._answer(request, "good" if model == STEADY else fault, model)
        finally:
            self.answering -= 1

    async def _answer(self, request: web.Request, fault: str, model: str) -> web.StreamResponse:
        if fault == "limited":
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers={"retry-after": "1"})
        if fault == "failing":
            return web.json_response({"error": {"message": "out of order"}}, status=500)
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        if fault == "slow":
            await asyncio.sleep(0.2)
        if fault == "endless":
            with suppress(ConnectionError):
                while True:
                    await answer.write(_event({"content": ENDLESS_PORTION}))
                    await asyncio.sleep(0.005)
        await answer.write(_event({"role": "assistant", "content": WORD}))
        if fault == "stall":
            await asyncio.sleep(20)
        if fault == "cut":
            cast(asyncio.Transport, request.transport).abort()
            return answer
        if fault == "malformed":
            await answer.write(b"data: {no json\n\n")
            return answer
        for _ in range(WORDS - 1):
            await answer.write(_event({"content": WORD}))
        await answer.write(_event({}, "stop") + _usage() + b"data: [DONE]\n\n")
        if model == STEADY:
            self.told += PROMPT_TOKENS + WORDS
        return answer


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    return _data({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


def _usage() -> bytes:
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": WORDS, "total_tokens": PROMPT_TOKENS + WORDS}
    return _data({"choices": [], "usage": usage})


def _data(content: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps({"id": "c", "object": "chat.completion.chunk", "model": "up", **content}) + b"\n\n"
