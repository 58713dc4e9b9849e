"""Dispatchers over misbehaving upstreams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from configs.models import Models
from deployments.llm.conversation import ChatRequest, Event, Finish, Message, TextDelta
from deployments.llm.dispatch import Dispatcher
from deployments.llm.providers.http import HttpPool
from deployments.llm.providers.registry import build_providers
from tests.integration.llm.upstream import Behaviour, Upstream

# "Hello there" is 11 bytes: 3 tokens, and 4 for the message.
PROMPT_ESTIMATE = 7
FAST = {"queue": "1s", "connect": "1s", "first_token": "700ms", "idle": "700ms", "total": "3s"}


def question(text: str = "Hello there", **more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role="user", text=text),), **more)


def target(upstream: Upstream, **more: Any) -> dict[str, Any]:
    return {
        "provider": "openai",
        "base_url": upstream.url,
        "model": "up",
        "region": "cluster",
        "timeouts": FAST,
        **more,
    }


@asynccontextmanager
async def dispatching(
    targets: Mapping[str, Mapping[str, Any]], groups: list[list[Any]] | None = None
) -> AsyncIterator[Dispatcher]:
    """A dispatcher whose model `m` is the targets, one group each unless told otherwise."""
    alias = {"targets": groups or [[name] for name in targets]}
    models = Models.model_validate({"targets": targets, "models": {"m": alias}, "embeddings": {"e": alias}})
    pool = HttpPool()
    try:
        yield Dispatcher(models, build_providers(models, pool), Random(1))
    finally:
        await pool.close()


@asynccontextmanager
async def upstreams(*schedules: Behaviour | tuple[Behaviour, ...]) -> AsyncIterator[list[Upstream]]:
    """An upstream for each schedule."""
    running = [Upstream.running(*(each if isinstance(each, tuple) else (each,))) for each in schedules]
    opened: list[Upstream] = []
    try:
        opened = [await each.__aenter__() for each in running]
        yield opened
    finally:
        for each, _ in zip(running, opened, strict=False):
            await each.__aexit__(None, None, None)


async def drain(call: Any) -> tuple[str, Finish | None, list[Event]]:
    """Everything a call says: its text, how it ended, all its events."""
    events = [event async for event in call]
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    return text, events[-1] if events and isinstance(events[-1], Finish) else None, events
