"""Computing all figures anew from the log, while the platform serves and the old figures are read.

A consumer of its own folds the log into the next generation of the figures. When it has caught up, the claims of the
live aggregators are locked, the rest is taken, and readers and aggregators are switched over in one transaction. Until
then nothing of it shows, so it may be broken off at any moment. Dead letters are tried again on the way; replaying
one whose entry has left the log is to be left until the rebuild is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import orjson

from actors.analytics_aggregator.copying import Copying, copy_sealed
from actors.analytics_aggregator.handler import CONSUMER, AnalyticsHandler
from actors.analytics_aggregator.past import Past, UncountedSource, survey
from configs.errors import AzoraError
from stores.errors import StoreConflict
from stores.event_log import claims
from stores.event_log.consumer import Consumer
from stores.event_log.outbox import OutboxSource
from stores.event_log.planning import walk_the_index
from stores.events import TOPICS
from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__, "rebuild.sql")

REBUILD = "analytics-rebuild"
# What every statement of a rebuild gets: some read the whole log.
STATEMENT_TIMEOUT = timedelta(minutes=30)
_NAMES = {"live": CONSUMER, "rebuild": REBUILD}
_AT_ONCE = 5_000
_NEARLY_THERE = 500
_NO_WAIT = timedelta(0)
_PAUSE_SECONDS = 0.2
_ROWS_AT_ONCE = 5_000


class RebuildRuns(AzoraError):
    """Another rebuild is on its way."""

    status = 409
    type = "rebuild-runs"
    title = "A rebuild runs already"


class LogTrimmed(AzoraError):
    """What was to be read is gone."""

    status = 409
    type = "log-trimmed"
    title = "The log was trimmed meanwhile"
    retriable = True


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild has come: of `total` entries of the log, which grows meanwhile, `done` are taken."""

    phase: Literal["copying", "reading", "switching", "clearing"]
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rebuild did. Windows before `sealed_before` were taken over as they were, as their events are gone."""

    generation: int
    entries: int
    rejected: int
    sealed_before: datetime | None


Report = Callable[[Progress], None]


async def rebuild(database: Database, report: Report = lambda _progress: None, *, at_once: int = _AT_ONCE) -> Outcome:
    """Compute all figures anew. `database` is under `azora_system`, with `STATEMENT_TIMEOUT`.

    Raises `RebuildRuns`, `LogTrimmed`, and `StoreUnavailable` where the database goes away. What was begun is then
    thrown away, now or by housekeeping or by the next rebuild.
    """
    async with _alone(database) as lock:
        await _clear(database)
        try:
            outcome = await _Rebuild(database, lock, report, at_once).run()
        except BaseException:
            with suppress(AzoraError, TimeoutError):
                await _clear(database)
            raise
        report(Progress("clearing", outcome.entries, outcome.entries))
        await _clear(database)
        return outcome


async def clear_up(database: Database) -> int:
    """Throw away what rebuilds left that were broken off; nothing while one runs. Returns how many rows."""
    try:
        async with _alone(database):
            return await _clear(database)
    except RebuildRuns:
        return 0


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[Connection]:
    async with database.transaction(None, readonly=True) as connection:
        if not await _queries.try_lock(connection):
            raise RebuildRuns("A rebuild of the figures runs already; there can be one at a time")
        yield connection


async def _clear(database: Database) -> int:
    """Delete every generation but the one that is read, and the log's memory of a rebuild."""
    async with database.transaction(None) as connection:
        await _queries.forget_rebuild(connection, rebuild=REBUILD)
        current = await _queries.generation(connection)
    total = 0
    for delete in (_queries.delete_cells, _queries.delete_days, _queries.delete_cohorts):
        count = _ROWS_AT_ONCE
        while count == _ROWS_AT_ONCE:
            async with database.transaction(None) as connection:
                count = await delete(connection, current=current, limit=_ROWS_AT_ONCE)
            total += count
    return total


class _Rebuild:
    """One rebuild, for as long as `lock` is held."""

    def __init__(self, database: Database, lock: Connection, report: Report, at_once: int) -> None:
        self._database = database
        self._lock = lock
        self._report = report
        self._at_once = at_once
        self._done = 0

    async def run(self) -> Outcome:
        await self._register()
        past, source = await self._prepare()
        consumer = self._consumer(past)
        await self._read(consumer, past)
        generation = source + 1
        await self._switch(consumer, past, generation)
        return Outcome(
            generation=generation,
            entries=self._done,
            rejected=consumer.figures.rejected,
            sealed_before=past.sealed_before,
        )

    async def _register(self) -> None:
        # From here on the log is kept until the rebuild has taken it.
        async with self._database.transaction(None) as connection:
            for consumer in (CONSUMER, REBUILD):
                await claims.register(connection, consumer, TOPICS)

    async def _prepare(self) -> tuple[Past, int]:
        """Survey the log, and take over what is sealed; the past, and the generation that is read."""
        async with self._database.transaction(None, readonly=True) as snapshot:
            await _queries.snapshot(snapshot)
            past, current = await survey(snapshot), int(await _queries.generation(snapshot))
            self._report(Progress("copying", 0, past.entries))
            if past.sealed_before is not None:
                await copy_sealed(Copying(snapshot, self._database, current, current + 1, past.sealed_before))
        return past, current

    def _consumer(self, past: Past) -> Consumer:
        source = OutboxSource(self._database, consumer=REBUILD, topics=TOPICS, member=f"rebuild-{new_id()}")
        handler = AnalyticsHandler(REBUILD, ahead=1)
        return Consumer(self._database, UncountedSource(source, past), handler, limit=self._at_once)

    async def _read(self, consumer: Consumer, past: Past) -> None:
        """Take what was surveyed, and what was written since but for the last few entries."""
        enough = min(_NEARLY_THERE, self._at_once - 1)
        while (taken := await self._take(consumer, past)) > enough or self._done < past.entries:
            if not taken:
                await self._wait_for_more()

    async def _wait_for_more(self) -> None:
        # What is there but cannot be read yet was written while a transaction ran that still runs.
        async with self._database.transaction(None, readonly=True) as connection:
            if not await _queries.has_more(connection, rebuild=REBUILD):
                raise LogTrimmed("The log was trimmed as the rebuild began; begin it again")
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _take(self, consumer: Consumer, past: Past) -> int:
        await _queries.hold(self._lock)  # without the lock, another could have begun
        try:
            taken = await consumer.turn(_NO_WAIT)
        except StoreConflict:
            return self._at_once  # the next round takes it
        self._done += taken
        self._report(Progress("reading", self._done, max(past.entries, self._done)))
        return taken

    async def _switch(self, consumer: Consumer, past: Past, generation: int) -> None:
        self._report(Progress("switching", self._done, self._done))
        async with self._database.transaction(None) as connection:
            await _queries.let_wait(connection)
            await walk_the_index(connection)
            await _queries.lock_live(connection, live=CONSUMER)
            while await _queries.is_behind(connection, **_NAMES):
                await self._take(consumer, past)
            await _queries.move_positions(connection, **_NAMES)
            rows = _queries.fence(connection, **_NAMES)
            versions = {str(row["partition"]): row["version"] async for row in rows}
            await _queries.replace_letters(connection, **_NAMES, out_of_reach=past.out_of_reach)
            await _queries.switch(connection, generation=generation)
            message = orjson.dumps({"versions": versions, "scopes": "*"}).decode()
            await _queries.announce(connection, message=message)
