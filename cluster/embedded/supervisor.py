"""Several servers at once: started in order, kept alive, stopped in reverse order."""

import asyncio
from collections.abc import Sequence

from cluster.embedded.events import Event, EventHook
from cluster.embedded.keeper import Keeper
from cluster.embedded.server import EmbeddedServer


def ignore_event(event: Event) -> None:
    """The event hook of those who want none."""


class Supervisor:
    """Starts the servers in the order given and keeps each alive until `stop`."""

    def __init__(self, servers: Sequence[EmbeddedServer], *, on_event: EventHook = ignore_event) -> None:
        self._keepers = [Keeper(server, on_event=on_event) for server in servers]
        self._watches: list[asyncio.Task[None]] = []

    @property
    def pids(self) -> list[int | None]:
        """The main process of each server, in the order given; None for one that is down."""
        return [keeper.pid for keeper in self._keepers]

    async def start(self) -> None:
        """Start all, or none: those already started are stopped when a later one fails.

        Raises:
            EmbeddedServerError: One did not become ready.
        """
        try:
            for keeper in self._keepers:
                await keeper.start()
                self._watches.append(asyncio.create_task(keeper.keep()))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop all in reverse order. If this is cancelled, what still runs is killed.

        Raises:
            StopFailedError: Processes of a server survive even SIGKILL.
        """
        try:
            await self._end_watches()
            for keeper in reversed(self._keepers):
                await keeper.stop()
        finally:
            for keeper in self._keepers:
                keeper.kill()

    async def wait_until(self, stop: asyncio.Event) -> None:
        """Return when `stop` is set; servers that die meanwhile are started again."""
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({asked, *self._watches}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        for watch in self._watches:
            if watch.done():
                watch.result()  # a watch ends only by an error that nobody foresaw: do not hide it

    async def _end_watches(self) -> None:
        pending = set(self._watches)
        while pending:  # more than once, for what it awaits may swallow a cancellation
            for watch in pending:
                watch.cancel()
            _, pending = await asyncio.wait(pending, timeout=1.0)
        self._watches.clear()
