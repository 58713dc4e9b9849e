"""One server's life: started, watched, started again when it dies, stopped."""

import asyncio
import logging
import os
import signal
import time
from asyncio.subprocess import Process
from contextlib import suppress

from cluster.embedded.backoff import Backoff
from cluster.embedded.diagnosis import explain
from cluster.embedded.errors import EmbeddedServerError, StartTimeoutError
from cluster.embedded.events import Event, EventHook, EventKind
from cluster.embedded.process import describe_exit, spawn
from cluster.embedded.server import EmbeddedServer

_POLL_SECONDS = 0.02
_logger = logging.getLogger(__name__)


class Keeper:
    """Runs one server. Use it from a single event loop, in a thread that outlives the server."""

    def __init__(self, server: EmbeddedServer, *, on_event: EventHook, backoff: Backoff | None = None) -> None:
        self._server = server
        self._on_event = on_event
        self._backoff = backoff or Backoff()
        self._process: Process | None = None
        self._log_offset = 0
        self._ready_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The server's main process, None where it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the server and return when it is ready, after ending what is left of a former one.

        Raises:
            EmbeddedServerError: It did not become ready; nothing of it is left running.
        """
        began = time.monotonic()
        self._tell(EventKind.STARTING, "starting")
        await self._launch()
        try:
            await self._wait_ready()
        except BaseException:
            self.kill()
            raise
        self._ready_at = time.monotonic()
        self._tell(EventKind.READY, "ready", seconds=self._ready_at - began)

    async def keep(self) -> None:
        """Start the server again whenever it ends, until cancelled."""
        while True:
            assert self._process is not None, "start() comes first"
            code = await self._process.wait()
            self._tell(EventKind.EXITED, f"{describe_exit(code)}, unasked")
            while not await self._restarted():
                pass

    async def stop(self) -> None:
        """Stop the server in order, by force after its time-out; return when all its processes are gone.

        Raises:
            StopFailedError: Some survive even that.
        """
        if self._process is None:
            return
        began = time.monotonic()
        self._tell(EventKind.STOPPING, "stopping")
        await self._end_process()
        await self._server.family().end(self._server.stop_signal)
        self._tell(EventKind.STOPPED, "stopped", seconds=time.monotonic() - began)

    def kill(self) -> None:
        """End the server this instant, without waiting."""
        if self._process is not None:
            self._send(signal.SIGKILL)

    async def _launch(self) -> None:
        server, family = self._server, self._server.family()
        lock = await family.claim(server.stop_signal)
        try:
            await server.prepare(lambda text: self._tell(EventKind.NOTE, text))
            self._log_offset = server.log.size()
            self._process = await spawn(
                server.command(),
                log=server.log,
                account=server.account,
                death_signal=server.death_signal,
                inherited=(lock,),
            )
        finally:
            os.close(lock)
        family.record(self._process.pid)

    async def _wait_ready(self) -> None:
        server = self._server
        deadline = time.monotonic() + server.start_timeout_seconds
        while time.monotonic() < deadline:
            assert self._process is not None
            if (code := self._process.returncode) is not None:
                tail = server.log.since(self._log_offset)
                raise explain(server.name, describe_exit(code), tail, server.log.path)
            if await server.is_ready():
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise StartTimeoutError(
            f"{server.name} was not ready within {server.start_timeout_seconds:.0f} s.",
            remedy=f"Read {server.log.path}: it may still be recovering from a crash.",
        )

    async def _restarted(self) -> bool:
        uptime = time.monotonic() - self._ready_at if self._ready_at is not None else 0.0
        self._ready_at = None
        delay = self._backoff.next_delay(uptime)
        self._tell(EventKind.RESTARTING, "restarting", seconds=delay)
        await asyncio.sleep(delay)
        try:
            await self.start()
        except (EmbeddedServerError, OSError) as error:
            self._tell(EventKind.RESTART_FAILED, str(error))
            return False
        return True

    async def _end_process(self) -> None:
        assert self._process is not None
        self._send(self._server.stop_signal)
        try:
            async with asyncio.timeout(self._server.stop_timeout_seconds):
                await self._process.wait()
        except TimeoutError:
            seconds = self._server.stop_timeout_seconds
            self._tell(EventKind.KILLED, f"killed: it did not stop within {seconds:.0f} s")
            self.kill()
            await self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _tell(self, kind: EventKind, message: str, *, seconds: float | None = None) -> None:
        try:
            self._on_event(Event(kind=kind, service=self._server.name, message=message, seconds=seconds))
        except Exception:  # a closed terminal must not end the supervision
            _logger.exception("the event hook failed")
