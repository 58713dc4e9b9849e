"""The servers of one home, started where no address says that somebody else runs them."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from cluster.embedded.events import EventHook
from cluster.embedded.home import Home
from cluster.embedded.placement import SYSTEM_DIRECTORY
from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.server import EmbeddedServer
from cluster.embedded.supervisor import Supervisor, ignore_event
from cluster.embedded.valkey import EmbeddedValkey


class EmbeddedServers:
    """PostgreSQL and Valkey in a home, held alone for as long as the context lasts.

    Args:
        home: where they keep everything; made where it is missing.
        on_event: called from the event loop with every step; must return at once.
        postgres_url: address of a PostgreSQL that runs elsewhere; none is started then.
        valkey_url: address of a Valkey that runs elsewhere; none is started then.
        system_directory: see `place`.

    Enter it in the main thread: the servers end with the thread that started them.
    Entering raises EmbeddedServerError, with a remedy, when the home is in use or a server does not start.
    """

    def __init__(
        self,
        home: Home,
        *,
        on_event: EventHook = ignore_event,
        postgres_url: str | None = None,
        valkey_url: str | None = None,
        system_directory: Path = SYSTEM_DIRECTORY,
    ) -> None:
        self._home = home
        servers: list[EmbeddedServer] = []
        if postgres_url is None:
            servers.append(postgres := EmbeddedPostgres(home, system_directory=system_directory))
        if valkey_url is None:
            servers.append(valkey := EmbeddedValkey(home))
        self._postgres = postgres if postgres_url is None else postgres_url
        self._valkey = valkey if valkey_url is None else valkey_url
        self._supervisor = Supervisor(servers, on_event=on_event)
        self._held = ExitStack()

    @property
    def postgres_url(self) -> str:
        """The address of the PostgreSQL in use, embedded or not; embedded, as its owner."""
        return self._postgres if isinstance(self._postgres, str) else self._postgres.url

    @property
    def valkey_url(self) -> str:
        """The address of the Valkey in use, embedded or not."""
        return self._valkey if isinstance(self._valkey, str) else self._valkey.url

    async def __aenter__(self) -> Self:
        with ExitStack() as held:
            held.enter_context(self._home.create().exclusive())
            await self._supervisor.start()
            self._held = held.pop_all()
        return self

    async def wait_until(self, stop: asyncio.Event) -> None:
        """Supervise until `stop` is set: a server that dies is started again."""
        await self._supervisor.wait_until(stop)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._held:
            await self._supervisor.stop()
