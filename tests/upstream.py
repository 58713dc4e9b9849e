"""A platform that can be asked over a port, whose models are a provider that says what it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from aiohttp import web

from configs.settings import Settings
from tests.acceptance.conftest import free_port
from tests.platform import Platform


class BrokenOff(str):
    """What is said before the connection breaks."""


class Unended(str):
    """What is said before nothing more comes."""


Says = Callable[[list[dict[str, str]]], str]
MODEL = "planner"
PRICE = {"input": 1, "output": 2}  # dollars a million tokens: a call of 40 and 10 costs 60 microdollars


@asynccontextmanager
async def serving(chat: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A server that answers chats so; its address."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def upstream(says: Says) -> AsyncIterator[str]:
    """A provider that speaks OpenAI's API, streamed; its address."""

    async def chat(request: web.Request) -> web.StreamResponse:
        text = says((await request.json())["messages"])
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        usage = {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50}
        first = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        for choices, more in (([first], {}), ([last], {}), ([], {"usage": usage})):
            chunk = {
                "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more,
            }  # fmt: skip
            await answer.write(f"data: {json.dumps(chunk)}\n\n".encode())
            if isinstance(text, BrokenOff) and request.transport is not None:
                request.transport.close()
                return answer
            if isinstance(text, Unended):
                await asyncio.sleep(3600)
        await answer.write(b"data: [DONE]\n\n")
        return answer

    async with serving(chat) as url:
        yield f"{url}/v1"


@asynccontextmanager
async def platform_asking(
    settings: Settings, folder: Path, says: Says, **models: Any
) -> AsyncIterator[tuple[Platform, Settings]]:
    """A platform that listens, with a model called `MODEL` that says this; and its settings. `models` are more of
    these."""
    async with upstream(says) as url:
        table = {
            "targets": {
                "said": {"provider": "openai", "base_url": url, "model": "m", "region": "cluster", "price": PRICE}
            },
            "models": {MODEL: {"targets": [["said"]], "data": "stays"}},
            "embeddings": {"azora-embed": {"provider": "minilm"}},
        }
        file = folder / "models.yaml"
        file.write_text(yaml.safe_dump(table))
        port = free_port()
        told = settings.model_copy(update={"models_file": file, "services_url": f"http://127.0.0.1:{port}", **models})
        async with Platform.running(told) as platform:
            server = uvicorn.Server(
                uvicorn.Config(platform.host, port=port, lifespan="off", log_level="error", access_log=False)
            )
            serving = asyncio.create_task(server.serve())
            try:
                yield platform, told
            finally:
                server.should_exit = True
                await serving
