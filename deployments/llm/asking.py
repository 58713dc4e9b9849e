"""Asking one target after the other until one answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TypeVar

from deployments.kit.logs import get_logger
from deployments.llm.errors import LlmError, ModelOverloaded, UpstreamError
from deployments.llm.lanes import Lane
from deployments.llm.retry import pause_seconds

log = get_logger("llm")
Answer = TypeVar("Answer")


async def ask(
    lanes: Sequence[Lane], run: Callable[[Lane], Awaitable[Answer]], *, deadline: float, random: Random
) -> Answer:
    """What the first lane that manages gives. Raises the most telling `LlmError` where none does.

    A lane is tried again where that can help and it took nothing of the call; an error that another target would repeat
    is raised at once.
    """
    errors: list[LlmError] = []
    for lane in lanes:
        for tries in range(1, lane.target.retries + 2):
            try:
                return await run(lane)
            except LlmError as error:
                _log(lane, error, tries)
                if not error.elsewhere:
                    raise
                errors.append(error)
                pause = pause_seconds(error, tries, alone=lane is lanes[-1], random=random)
            if tries > lane.target.retries or pause is None or time.monotonic() + pause > deadline:
                break
            await asyncio.sleep(pause)
    raise most_telling(errors)


def most_telling(errors: Sequence[LlmError]) -> LlmError:
    """The last failure of an upstream; else that all were full or at rest; else what the request asks too much."""
    for kind in (UpstreamError, ModelOverloaded, LlmError):
        if found := [error for error in errors if isinstance(error, kind)]:
            return found[-1]
    return ModelOverloaded()


def _log(lane: Lane, error: LlmError, tries: int) -> None:
    # Not the upstream's words: they may quote the conversation.
    if isinstance(error, UpstreamError):
        status, cause = error.upstream_status, type(error.__cause__).__name__ if error.__cause__ else None
        log.warning("attempt failed", target=lane.name, type=error.type, tries=tries, status=status, cause=cause)
