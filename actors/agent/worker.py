"""One agent: claims tasks that are due, carries many out at a time, keeps their leases. No Ray."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from actors.agent.run import Means, Run
from actors.agent.store import WORK_CHANNEL, Task, TaskStore
from configs.settings import Settings
from stores.errors import StoreError
from stores.postgres import Database

log = structlog.get_logger("azora.agent")

_POLL_SECONDS = 1.0
_NEWS_SECONDS = 0.05
_FAILURE_SECONDS = 0.5


class Agent:
    """Works until it is stopped, or has had nothing to do for `agent_idle_exit`.

    May be killed at any time. `owner` is its name, the same in each of its lives: what a former life held is taken up
    at once, and the raised epoch keeps that life from writing, should it be alive after all.
    """

    def __init__(self, settings: Settings, database: Database, owner: str) -> None:
        self.owner = owner
        self.store = TaskStore(database, settings.agent_lease, settings.base_url)
        self._database = database
        self._at_once = settings.agent_concurrency
        self._lease_seconds = settings.agent_lease.total_seconds()
        self._idle_exit_seconds = settings.agent_idle_exit.total_seconds()
        self._running: dict[UUID, tuple[Task, asyncio.Task[None]]] = {}
        self._let_go: list[Task] = []
        self._later: set[asyncio.Task[None]] = set()
        self._news: set[UUID] = set()
        self._wake = asyncio.Event()
        self.carried_out = 0

    async def run(self, means: Means, stop: asyncio.Event) -> None:
        """Work. What was under way when it stops is due at once for whoever comes next."""
        helpers = [
            asyncio.create_task(work)
            for work in (
                self._database.listen(WORK_CHANNEL, self._on_message, self._on_state),
                self._keep_leases(),
                self._tell_news(),
                _set_wake(stop, self._wake),
            )
        ]
        try:
            await self._work(means, stop)
        finally:
            for _, running in self._running.values():
                running.cancel()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*(one for _, one in self._running.values()), *helpers, return_exceptions=True)
            await asyncio.gather(*self._later, return_exceptions=True)
            with suppress(StoreError):
                await self.store.release_own(self.owner)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that no task waits for."""
        task = asyncio.create_task(_quietly(work))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def tell(self, task_id: UUID) -> None:
        """Have whoever watches the task told, shortly."""
        self._news.add(task_id)

    # Claiming ---------------------------------------------------------------------------------------------------

    async def _work(self, means: Means, stop: asyncio.Event) -> None:
        released = False
        busy_at = time.monotonic()
        while not stop.is_set():
            self._wake.clear()
            try:
                if not released:
                    await self.store.release_own(self.owner)
                    released = True
                await self._release()
                claimed = await self._claim(means)
            except StoreError as error:
                log.warning("no tasks to be had", cause=repr(error.__cause__ or error))
                await asyncio.sleep(_FAILURE_SECONDS)
                continue
            if claimed or self._running:
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at > self._idle_exit_seconds:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._wake.wait()

    async def _release(self) -> None:
        if not self._let_go:
            return
        let_go, self._let_go = self._let_go, []  # more may be let go of meanwhile
        try:
            await self.store.release(let_go)
        except StoreError:
            self._let_go += let_go
            raise

    async def _claim(self, means: Means) -> int:
        claimed = 0
        while (room := self._at_once - len(self._running)) > 0:
            tasks = await self.store.claim(self.owner, min(room, 16))
            for task in tasks:
                self._start(means, task)
            claimed += len(tasks)
            if len(tasks) < min(room, 16):
                break
        return claimed

    def _start(self, means: Means, task: Task) -> None:
        former = self._running.pop(task.id, None)
        if former is not None:  # its lease ran out while it went on; the epoch has fenced it
            former[1].cancel()
        running = asyncio.create_task(self._carry_out(Run(means=means, task=task)))
        self._running[task.id] = (task, running)
        running.add_done_callback(lambda done: self._done(task, done))

    def _done(self, task: Task, done: asyncio.Task[None]) -> None:
        held = self._running.get(task.id)
        if held is not None and held[1] is done:
            del self._running[task.id]
        self.carried_out += 1
        self._wake.set()

    async def _carry_out(self, run: Run) -> None:
        try:
            await run.carry_out()
            if run.let_go:
                self._let_go.append(run.task)
        except Exception as error:
            # It is left to its lease, and given up after some tries. The traceback as text: a renderer of its own would
            # print local variables, and those hold what people wrote.
            log.error(
                "a task broke", task_id=str(run.task.id), cause=type(error).__name__, traceback=traceback.format_exc()
            )

    # Being told -------------------------------------------------------------------------------------------------

    def _on_message(self, payload: str) -> None:
        if not payload:
            self._wake.set()
            return
        with suppress(ValueError):
            held = self._running.get(UUID(hex=payload))
            if held is not None:
                held[1].cancel()

    def _on_state(self, heard: bool) -> None:
        self._wake.set()

    # Leases and news --------------------------------------------------------------------------------------------

    async def _keep_leases(self) -> None:
        """Also finds out, where no message came, what is not ours any more."""
        while True:
            await asyncio.sleep(self._lease_seconds / 4)
            held = dict(self._running)
            if not held:
                continue
            try:
                ours = await self.store.renew([task for task, _ in held.values()])
            except StoreError:
                continue
            for task_id, (_, running) in held.items():
                if task_id not in ours and self._running.get(task_id, (None, None))[1] is running:
                    running.cancel()

    async def _tell_news(self) -> None:
        while True:
            await asyncio.sleep(_NEWS_SECONDS)
            if self._news:
                ids, self._news = list(self._news), set()
                with suppress(StoreError):
                    await self.store.tell(ids)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        log.warning("a late effect stays unknown", cause=type(error).__name__)


async def _set_wake(stop: asyncio.Event, wake: asyncio.Event) -> None:
    await stop.wait()
    wake.set()
