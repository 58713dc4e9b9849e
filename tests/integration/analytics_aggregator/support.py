"""The log and its figures, read back in the form in which the naive model has them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from actors.analytics_aggregator.figures import SKETCHES, Grain, Scope
from actors.analytics_aggregator.handler import AnalyticsHandler
from actors.analytics_aggregator.sketches import GROUP_LIMIT, Distinct, Group, Quantiles
from configs.settings import Settings
from stores import events
from stores.event_log.consumer import Consumer
from stores.event_log.outbox import OutboxSource
from stores.event_log.types import Batch
from stores.events import Event
from stores.postgres import Connection, Database
from tests.patience import PATIENCE_SECONDS
from tests.unit.analytics_aggregator.naive import Model, model_of, plain

NO_WAIT = timedelta(0)
ANALYTICS_TABLES = ("analytics_cells", "analytics_learner_days", "analytics_cohorts", "analytics_pseudonyms")


@dataclass
class Log:
    """A log that holds the test's events only. `database` is under `azora_system`."""

    settings: Settings
    database: Database
    orgs: Sequence[UUID]

    async def append(self, told: Sequence[Event]) -> None:
        """In one transaction."""
        async with self.database.transaction(None) as connection:
            await events.append(connection, told)

    async def append_apart(self, told: Sequence[Event], rng: random.Random) -> None:
        """In transactions of random sizes."""
        at = 0
        while at < len(told):
            size = rng.randint(1, 40)
            await self.append(told[at : at + size])
            at += size

    def consumer(self, member: str = "m", *, limit: int = 5_000, handler: AnalyticsHandler | None = None) -> Consumer:
        """A member of the consumer "analytics"."""
        handler = handler or AnalyticsHandler()
        source = OutboxSource(self.database, consumer=handler.consumer, topics=handler.topics, member=member)
        return Consumer(self.database, source, handler, limit=limit)

    async def aggregate(self) -> None:
        """Take all there is."""
        await drain(self.consumer())

    async def fetch(self, sql: str, *values: object) -> list[dict[str, Any]]:
        async with self.database.transaction(None) as connection:
            return [dict(row) for row in await connection.fetch(sql, *values)]

    async def expected(self) -> Model:
        """What the figures of the whole log should be."""
        return model_of([row["event"] for row in await self.fetch("select event from outbox")])

    async def generation(self) -> int:
        [row] = await self.fetch("select current from analytics_generation")
        return int(row["current"])


class Held(AnalyticsHandler):
    """Stops between taking effect and committing."""

    def __init__(self) -> None:
        super().__init__()
        self.is_held, self.go_on = asyncio.Event(), asyncio.Event()

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        await super().handle(connection, batches)
        self.is_held.set()
        await self.go_on.wait()


async def drain(consumer: Consumer) -> None:
    """Rounds until nothing comes."""
    while await consumer.turn(NO_WAIT):
        pass


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.05)


async def assert_figures(log: Log, model: Model) -> None:
    """The figures that readers see are the model's, in every window of every scope."""
    cells = await _cells(log)
    assert cells.keys() == model.windows.keys()
    for window, want in model.windows.items():
        found = cells[window]
        assert plain(found.counters) == plain(want.counters), window
        assert round(Distinct.merged(found.learners).estimate) == pytest.approx(len(want.learners), rel=0.02), window
        _assert_quantiles(found.scores, want.scores)
        _assert_quantiles(found.durations, want.durations)
        assert Group.merged(found.scorers).count == min(len(want.scorers), GROUP_LIMIT), window
        assert Group.merged(found.finishers).count == min(len(want.finishers), GROUP_LIMIT), window
    await _assert_days(log, model)
    await _assert_cohorts(log, model)


@dataclass
class Merged:
    """A window's cells of all partitions."""

    counters: Counter[str] = field(default_factory=Counter)
    learners: list[bytes] = field(default_factory=list)
    scores: list[bytes] = field(default_factory=list)
    durations: list[bytes] = field(default_factory=list)
    scorers: list[bytes] = field(default_factory=list)
    finishers: list[bytes] = field(default_factory=list)


async def _cells(log: Log) -> dict[Any, Merged]:
    found: defaultdict[Any, Merged] = defaultdict(Merged)
    for row in await log.fetch("select c.* from analytics_cells c join analytics_generation on current = generation"):
        scope, grain = Scope(row["scope"]).name.lower(), Grain(row["grain"]).name.lower()
        cell = found[str(row["org_id"]), scope, str(row["scope_id"]), grain, row["start"]]
        cell.counters.update(row["counters"])
        for name in SKETCHES:
            if row[name] is not None:
                getattr(cell, name).append(row[name])
    return found


def _assert_quantiles(found: Sequence[bytes], want: Sequence[float]) -> None:
    sketch, ordered = Quantiles.merged(found), sorted(want)
    assert sketch.count == len(ordered)
    if ordered:
        low, middle, high = sketch.quantiles([0.0, 0.5, 1.0]) or ()
        assert (low, high) == (pytest.approx(ordered[0], rel=1e-5), pytest.approx(ordered[-1], rel=1e-5))
        below = sum(value < middle * (1 - 1e-5) for value in ordered)
        upto = sum(value <= middle * (1 + 1e-5) for value in ordered)
        slack = 0.02 * len(ordered) + 1
        assert below - slack <= len(ordered) / 2 <= upto + slack


async def _assert_days(log: Log, model: Model) -> None:
    rows = await log.fetch(
        "select p.org_id, p.user_id, d.day, d.minutes from analytics_learner_days d"
        " join analytics_generation on current = generation"
        " join analytics_pseudonyms p on p.org_id = d.org_id and p.pseudonym = d.learner"
    )
    found: defaultdict[Any, defaultdict[int, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        for minute, counters in row["minutes"].items():
            found[str(row["org_id"]), str(row["user_id"]), row["day"]][int(minute)].update(counters)
    assert _plain_days(found) == _plain_days(model.days)


def _plain_days(days: Mapping[Any, Mapping[int, Mapping[str, int]]]) -> dict[Any, dict[int, dict[str, int]]]:
    return {key: {minute: plain(counters) for minute, counters in minutes.items()} for key, minutes in days.items()}


async def _assert_cohorts(log: Log, model: Model) -> None:
    found: defaultdict[Any, list[bytes]] = defaultdict(list)
    for row in await log.fetch("select c.* from analytics_cohorts c join analytics_generation on current = generation"):
        scope = Scope(row["scope"]).name.lower()
        key = (str(row["org_id"]), scope, str(row["scope_id"]), row["cohort"], row["week"])
        found[key].append(row["learners"])
    sizes = {key: round(Distinct.merged(parts).estimate) for key, parts in found.items()}
    assert sizes == {key: pytest.approx(len(people), rel=0.02) for key, people in model.cohorts.items()}


async def age_the_log(log: Log) -> None:
    """Have every entry be as old as its event's time says."""
    await log.fetch("update outbox set created_at = (event->>'time')::timestamptz")


def now() -> datetime:
    return datetime.now(UTC)
