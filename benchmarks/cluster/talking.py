"""Answers of a model that flow for seconds, asked for over and over while replicas are replaced: each must come whole.

The model is a stand-in of this process, on the bridge that the nodes share. Its answers are told apart by their
numbers, so that one which was asked for twice or ends early shows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import yaml
from aiohttp import web

from benchmarks.cluster.world import World
from benchmarks.target import free_port
from cluster.several.local_cluster import LocalCluster

_WORDS = 20
_PAUSE_SECONDS = 0.15
_BETWEEN_SECONDS = 0.5
_MODEL = "slow"


@dataclass
class Talk:
    """What was asked and what came of it; `asked` counts what reached the model, by question."""

    callers: int
    came: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        return sum(count for what, count in self.came.items() if what != "whole")

    @property
    def repeated(self) -> int:
        """Questions that the model was asked more than once."""
        return sum(count > 1 for count in self.asked.values())

    async def serve(self, cluster: LocalCluster, table: Path) -> web.AppRunner:
        """Start the model and write the table of models that the replicas will read."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(application)
        await runner.setup()
        host, port = urlsplit(str(cluster.settings.services_url)).hostname, free_port()
        await web.TCPSite(runner, host, port).start()
        target = {"provider": "openai", "base_url": f"http://{host}:{port}/v1", "region": "cluster", "model": _MODEL}
        models = {"targets": {_MODEL: target}, "models": {_MODEL: {"targets": [[_MODEL]]}}}
        table.write_text(yaml.safe_dump(models))
        return runner

    async def run(self, world: World, http: aiohttp.ClientSession, stop: asyncio.Event) -> None:
        """Ask until told to stop, half of the questions streamed."""
        key = (await _post(world, "/api/llm/keys", {"name": "talk"}))["key"]
        headers = {"authorization": f"Bearer {key}"}

        async def caller(number: int) -> None:
            turn = 0
            while not stop.is_set():
                turn += 1
                self.came[await _ask(http, headers, f"{number}-{turn}", stream=number % 2 == 0)] += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _BETWEEN_SECONDS)

        await asyncio.gather(*(caller(number) for number in range(self.callers)))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        question = body["messages"][-1]["content"].split()[-1]
        self.asked[question] += 1
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        for number in range(_WORDS):
            await answer.write(_event({"content": f"{question}:{number} "}))
            await asyncio.sleep(_PAUSE_SECONDS)
        usage = {"prompt_tokens": 5, "completion_tokens": _WORDS, "total_tokens": 5 + _WORDS}
        await answer.write(_event({}, "stop") + _data({"choices": [], "usage": usage}) + b"data: [DONE]\n\n")
        return answer


async def _ask(http: aiohttp.ClientSession, headers: dict[str, str], question: str, *, stream: bool) -> str:
    body = {"model": _MODEL, "messages": [{"role": "user", "content": f"Answer {question}"}], "stream": stream}
    try:
        async with http.post("/v1/chat/completions", json=body, headers=headers) as answer:
            read = await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"{'streamed' if stream else 'at once'}: {type(error).__name__}"
    if answer.status != 200:
        return f"{answer.status} {read[:200].decode(errors='replace')}"
    expected = "".join(f"{question}:{number} " for number in range(_WORDS))
    told = _streamed(read) if stream else orjson.loads(read)["choices"][0]["message"]["content"]
    return "whole" if told.strip() == expected.strip() else f"ended after {told[-100:]!r}"


def _streamed(read: bytes) -> str:
    events = [line.removeprefix(b"data: ") for line in read.split(b"\n\n") if line.startswith(b"data: ")]
    told = [orjson.loads(event) for event in events if event != b"[DONE]"]
    text = "".join(choice["delta"].get("content") or "" for one in told for choice in one.get("choices", []))
    return text if events and events[-1] == b"[DONE]" else f"{text} (no end)"


def _event(delta: dict[str, str], reason: str | None = None) -> bytes:
    return _data({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


def _data(content: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps({"id": "c", "object": "chat.completion.chunk", "model": "up", **content}) + b"\n\n"


async def _post(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.http.post(path, json=body, headers={"authorization": f"Bearer {world.administrator}"})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
