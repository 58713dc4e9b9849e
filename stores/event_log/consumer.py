"""The loop that takes events from a source to a handler, each with effect exactly once."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from configs.errors import AzoraError
from stores.errors import StoreUnavailable
from stores.event_log import dead_letters, lag
from stores.event_log.backoff import Backoff
from stores.event_log.claims import Fenced
from stores.event_log.digestion import Item
from stores.event_log.flushing import Flusher, Taker
from stores.event_log.types import Claim, Handler, Source
from stores.postgres import Database

log = structlog.get_logger("azora.event_log")

_POLL_WAIT = timedelta(milliseconds=500)
_REPLAY_SECONDS = 1.0
_MEASURE_SECONDS = 5.0
_COUNTED = 10_000  # of each share: to count a backlog to its end would take a tenth of the time to work it off
_LETTERS_AT_ONCE = 500
_CLOSE_SECONDS = 5.0


@dataclass(slots=True)
class Figures:
    """How a consumer's member fares, of the partitions it holds; counts are since it started.

    `lag_entries`, `lag_seconds` (how long the oldest entry not taken has waited) and `dead_letters` (kept now) are
    measured every five seconds.
    """

    partitions: int = 0
    events: int = 0
    duplicates: int = 0
    rejected: int = 0
    replayed: int = 0
    flushes: int = 0
    failures: int = 0
    last_flush_seconds: float = 0.0
    lag_entries: int = 0
    lag_seconds: float = 0.0
    dead_letters: int = 0


@dataclass(slots=True)
class _Timer:
    every_seconds: float
    due_at: float = 0.0

    def is_due(self) -> bool:
        """Whether it is time again; if so, the next time is set."""
        if monotonic() < self.due_at:
            return False
        self.due_at = monotonic() + self.every_seconds
        return True


class Member:
    """One member of a consumer: reads `source`, has `taker` take what comes. `database` is under `azora_system`.

    Takes at most `limit` entries at once, and lets `min_interval` pass between two times unless so many wait.
    """

    def __init__(
        self, database: Database, source: Source, taker: Taker, *, limit: int, min_interval: timedelta = timedelta(0)
    ) -> None:
        self.figures = Figures()
        self._database = database
        self._source = source
        self._taker = taker
        self._most = self._limit = limit
        self._min_interval_seconds = min_interval.total_seconds()
        self._claims: dict[int, Claim] = {}
        self._ahead: Sequence[Item] = ()  # read, but not yet taken
        self._is_torn = False
        self._replays = _Timer(_REPLAY_SECONDS)
        self._measurements = _Timer(_MEASURE_SECONDS)

    async def run(self, stop: asyncio.Event) -> None:
        """Take events until `stop` is set, then leave. What fails is logged and tried again, less and less often."""
        backoff = Backoff()
        task = asyncio.current_task()
        try:
            while not stop.is_set():
                pause_seconds = await self._survive(backoff)
                if task is not None and task.cancelling():  # drivers turn a cancellation into an error of theirs
                    raise asyncio.CancelledError
                await _sleep(stop, pause_seconds)
        finally:
            await self._leave()

    async def turn(self, wait: timedelta = _POLL_WAIT) -> int:
        """One round: settle the claims, replay what is asked for, take the next entries, for which it waits up to
        `wait`. Returns how many there were. Raises `Fenced`, `StoreUnavailable`; the next round then begins anew.
        """
        try:
            return await self._turn(wait)
        except BaseException:
            self._is_torn = True
            self._limit = max(self._limit // 2, 1)  # what takes too long in one piece may do in two
            raise

    async def _survive(self, backoff: Backoff) -> float:
        """A round; returns how many seconds to wait before the next."""
        began = monotonic()
        consumer = self._taker.consumer
        try:
            taken = await self.turn()
        except Fenced as error:
            log.info("claims anew", consumer=consumer, cause=error.detail)
        except StoreUnavailable as error:
            self.figures.failures += 1
            log.warning("cannot go on for now", consumer=consumer, cause=repr(error.__cause__ or error))
        except Exception as error:
            self.figures.failures += 1
            # The traceback as text: a renderer of its own would print local variables, and those hold events.
            log.error("a round broke", consumer=consumer, cause=repr(error), traceback=traceback.format_exc())
        else:
            backoff.reset()
            more = self._ahead or taken >= self._limit
            return 0.0 if more else began + self._min_interval_seconds - monotonic()
        return backoff.next_seconds()

    async def _turn(self, wait: timedelta) -> int:
        if self._is_torn:
            self._taker.forget(set(self._claims))
            self._ahead = ()
            await self._source.rewind()
            self._is_torn = False
        await self._settle_claims()
        await self._look_after()
        items, self._ahead = self._ahead or await self._read(wait), ()
        if items:
            await self._admit(items)
            await (self._take_and_read_on(items) if len(items) >= self._most else self._take(items))
            self._limit = min(self._limit * 2, self._most)
        return len(items)

    async def _settle_claims(self) -> None:
        """Learn which partitions are held, and forget those that were lost, even if they came back."""
        found = dict(await self._source.claims())
        if lost := {partition for partition, claim in self._claims.items() if found.get(partition) != claim}:
            self._taker.forget(lost)
            self._ahead = [item for item in self._ahead if item.entry.partition not in lost]
        self._claims = found
        self.figures.partitions = len(found)

    async def _read(self, wait: timedelta) -> Sequence[Item]:
        return [self._taker.digest(entry) for entry in await self._source.poll(self._limit, wait)]

    async def _admit(self, items: Sequence[Item]) -> None:
        if any(item.entry.partition not in self._claims for item in items):
            await self._settle_claims()  # a source may deal them out while it polls
            if strange := {item.entry.partition for item in items} - self._claims.keys():
                raise Fenced(f"partitions {sorted(strange)} are not held")

    async def _take_and_read_on(self, items: Sequence[Item]) -> None:
        """In a backlog the next items are read while these take effect, which is mostly waiting for the database."""
        ahead = asyncio.create_task(self._read(timedelta(0)))
        try:
            await self._take(items)
            self._ahead = await self._read_by(ahead)
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)  # the source does one thing at a time

    async def _read_by(self, ahead: Awaitable[Sequence[Item]]) -> Sequence[Item]:
        """What was read ahead; nothing where that failed: it undoes nothing of what was taken meanwhile."""
        try:
            return await ahead
        except StoreUnavailable as error:
            log.warning("cannot read ahead", consumer=self._taker.consumer, cause=repr(error.__cause__ or error))
            await self._source.rewind()
            return ()

    async def _take(self, items: Sequence[Item]) -> None:
        began = monotonic()
        outcome = await self._taker.flush(items, self._claims)
        figures = self.figures
        figures.last_flush_seconds = monotonic() - began
        figures.flushes += 1
        figures.events += outcome.events
        figures.duplicates += outcome.duplicates
        figures.rejected += outcome.rejected
        if outcome.rejected:
            log.error("events set aside", consumer=self._taker.consumer, count=outcome.rejected)

    async def _look_after(self) -> None:
        if self._claims and self._replays.is_due():
            async with self._database.transaction(None, readonly=True) as connection:
                waiting = await dead_letters.waiting(connection, self._taker.consumer, self._claims)
            if waiting:
                await self._replay([self._claims[partition] for partition in waiting])
        if self._measurements.is_due():
            await self._measure()

    async def _replay(self, held: Sequence[Claim]) -> None:
        outcome = await self._taker.replay(held, _LETTERS_AT_ONCE)
        self.figures.replayed += outcome.events
        log.info("replayed", consumer=self._taker.consumer, count=outcome.events, failed_again=outcome.rejected)

    async def _measure(self) -> None:
        consumer, partitions = self._taker.consumer, list(self._claims)
        async with self._database.transaction(None, readonly=True) as connection:
            shares = await lag.measure(connection, consumer=consumer, partitions=partitions, most_counted=_COUNTED)
            self.figures.dead_letters = await dead_letters.count(connection, consumer, partitions)
        self.figures.lag_entries = sum(share.entries for share in shares)
        self.figures.lag_seconds = max((share.seconds for share in shares), default=0.0)

    async def _leave(self) -> None:
        self._taker.forget(set(self._claims))
        with suppress(AzoraError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._source.close()
        self._claims = {}


class Consumer(Member):
    """A member whose entries take effect in PostgreSQL, by `handler`, each exactly once."""

    def __init__(
        self,
        database: Database,
        source: Source,
        handler: Handler,
        *,
        limit: int = 5_000,
        min_interval: timedelta = timedelta(0),
    ) -> None:
        super().__init__(database, source, Flusher(database, handler), limit=limit, min_interval=min_interval)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    """So long, or until `stop` is set."""
    if seconds > 0:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
