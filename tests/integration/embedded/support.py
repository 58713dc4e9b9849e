"""Clients that write without pause, and looks at the servers' processes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count, pairwise

import asyncpg
import redis.asyncio as redis

from cluster.embedded import EmbeddedPostgres, EmbeddedServers, EmbeddedValkey, Home
from tests.patience import PATIENCE_SECONDS

Make = Callable[..., EmbeddedServers]

_LOST_CONNECTION = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    redis.RedisError,
)


async def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Return when the condition holds; TimeoutError if it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (other processes set no event)
            await asyncio.sleep(0.005)


def main_pid(home: Home, service: str) -> int:
    """The pid of a server's main process."""
    return int((home.run / f"{service}.pid").read_text())


def any_alive(home: Home) -> bool:
    """Whether any process of either server is left, whoever started it."""
    return EmbeddedPostgres(home).family().alive() or EmbeddedValkey(home).family().alive()


class Writer:
    """Calls `write` with ever higher numbers, whatever happens to the server.

    Attributes:
        acknowledged: the numbers whose write returned, each with the time it did.
    """

    def __init__(self, write: Callable[[int], Awaitable[object]]) -> None:
        self._write = write
        self.acknowledged: dict[int, float] = {}
        self.stopped = False

    async def run(self) -> None:
        for number in count():
            if self.stopped:  # a flag, since wait_for of Python 3.11, used by drivers, can swallow a cancellation
                return
            with suppress(*_LOST_CONNECTION):
                async with asyncio.timeout(10):
                    await self._write(number)
                self.acknowledged[number] = time.monotonic()
            await asyncio.sleep(0.001)

    def longest_gap(self) -> float:
        """The longest time without an acknowledgement, in seconds."""
        return max(later - earlier for earlier, later in pairwise(self.acknowledged.values()))


async def write_through(writer: Writer, disrupt: Callable[[], None], *, writes: int = 100) -> None:
    """Write, disrupt once in the midst of it, and go on until as many writes again are acknowledged."""
    task = asyncio.create_task(writer.run())
    try:
        await until(lambda: len(writer.acknowledged) >= writes)
        disrupt()
        disrupted = time.monotonic() + 0.1  # replies on their way at that moment are none of the new server's
        await until(lambda: sum(at > disrupted for at in writer.acknowledged.values()) >= writes)
    finally:
        writer.stopped = True
        await task
