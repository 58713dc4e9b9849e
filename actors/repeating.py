"""Doing the same step over and over, without Ray."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from configs.errors import AzoraError
from stores.event_log.backoff import Backoff


async def repeat(step: Callable[[], Awaitable[float]], stop: asyncio.Event, log: Any) -> None:
    """Take one step after the other until `stop` is set. Each says how many seconds to rest after it; after a failure
    the rest grows. `log` is a structlog logger.
    """
    backoff = Backoff()
    while not stop.is_set():
        try:
            pause = await step()
            backoff.reset()
        except AzoraError as error:
            log.warning("cannot go on for now", cause=repr(error.__cause__ or error))
            pause = backoff.next_seconds()
        except Exception as error:
            # The traceback as text: a renderer of its own would print local variables, and those hold what is private.
            log.error("a step broke", cause=repr(error), traceback=traceback.format_exc())
            pause = backoff.next_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()
