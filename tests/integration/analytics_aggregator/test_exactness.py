"""Every event counts once, whatever happens to those who count."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest

from actors.analytics_aggregator import handler as handlers
from actors.analytics_aggregator.duties import TrimWindows
from actors.analytics_aggregator.handler import CHANGES, AnalyticsHandler
from stores.errors import StoreUnavailable
from stores.event_log.types import Batch
from stores.postgres import Connection
from tests.integration.analytics_aggregator.support import Log, assert_figures, drain, eventually, now
from tests.patience import PATIENCE_SECONDS
from tests.unit.analytics_aggregator.lives import BEGIN, Lives, Step, random_steps
from tests.unit.analytics_aggregator.naive import model_of


class Frail(AnalyticsHandler):
    """Fails now and then, before or after it took effect, or halfway."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        if self._rng.random() < 0.2:
            await super().handle(connection, batches[:1])
            raise StoreUnavailable("before the rest")
        await super().handle(connection, batches)
        if self._rng.random() < 0.2:
            raise StoreUnavailable("after it all")


@pytest.mark.parametrize("seed", range(4))
async def test_figures_are_the_naive_ones(log: Log, seed: int) -> None:
    rng = random.Random(seed)
    await log.append_apart(Lives(log.orgs).tell(random_steps(rng, 300)), rng)
    await drain(log.consumer(limit=rng.randint(5, 200)))
    await assert_figures(log, await log.expected())


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_comes_next_goes_on_where_the_last_one_was(log: Log, seed: int) -> None:
    rng = random.Random(seed)
    await log.append_apart(Lives(log.orgs).tell(random_steps(rng, 300)), rng)
    consumer = log.consumer(limit=20)
    while await consumer.turn(timedelta(0)):
        if rng.random() < 0.5:  # without a word of farewell
            consumer = log.consumer(limit=20)
    await assert_figures(log, await log.expected())


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_rolled_back_leaves_no_trace_in_memory(log: Log, seed: int) -> None:
    rng = random.Random(seed)
    await log.append_apart(Lives(log.orgs).tell(random_steps(rng, 300)), rng)
    consumer, taken = log.consumer(limit=25, handler=Frail(rng)), 1
    while taken:
        try:
            taken = await consumer.turn(timedelta(0))
        except StoreUnavailable:
            taken = 1
    await assert_figures(log, await log.expected())


async def test_members_come_and_go_while_events_are_written(log: Log) -> None:
    rng = random.Random(11)
    told = Lives(log.orgs).tell(random_steps(rng, 600))
    stops = [asyncio.Event() for _ in range(3)]
    tasks = [asyncio.create_task(log.consumer(f"m{n}", limit=50).run(stop)) for n, stop in enumerate(stops)]
    third = len(told) // 3
    await log.append_apart(told[:third], rng)
    stops[0].set()  # leaves
    await log.append_apart(told[third : 2 * third], rng)
    tasks[1].cancel()  # vanishes, and comes back under its name
    tasks.append(asyncio.create_task(log.consumer("m1", limit=50).run(stops[1])))
    await log.append_apart(told[2 * third :], rng)

    async def is_done() -> bool:
        [row] = await log.fetch("select coalesce(sum(entries), 0)::bigint as taken from event_positions")
        return bool(row["taken"] == len(told))

    await eventually(is_done)
    for stop in stops:
        stop.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    await assert_figures(log, await log.expected())


async def test_with_hardly_any_memory_the_figures_are_the_same(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_CELLS_REMEMBERED", 3)
    monkeypatch.setattr(handlers, "_PEOPLE_REMEMBERED", 2)
    rng = random.Random(5)
    await log.append_apart(Lives(log.orgs).tell(random_steps(rng, 200)), rng)
    await drain(log.consumer(limit=15))
    await assert_figures(log, await log.expected())


async def test_many_learners(log: Log) -> None:
    """So many that sketches are no longer exact."""
    steps = [Step("look", 0, learner, learner % 2, 0, 1, learner % 50) for learner in range(4_000)]
    steps += [Step(action, 0, n, 0, 0, n % 101, n % 50) for n in range(400) for action in ("enrol", "attempt")]
    told = Lives(log.orgs).tell(steps)
    rng = random.Random(1)
    rng.shuffle(told)
    for at in range(0, len(told), 1_000):
        await log.append(told[at : at + 1_000])
    await drain(log.consumer(limit=700))
    await assert_figures(log, await log.expected())


async def test_poison_is_set_aside_and_the_rest_counts(log: Log) -> None:
    told = Lives(log.orgs).tell(random_steps(random.Random(2), 60))
    await log.append(told)
    spoilt = [row["id"] for row in await log.fetch("select id from outbox order by seq limit 2")]
    await log.fetch("update outbox set event = event - 'data' where id = $1", spoilt[0])
    stranger = "jsonb_set(event, '{orgid}', to_jsonb(gen_random_uuid()))"
    await log.fetch(f"update outbox set event = {stranger} where id = $1", spoilt[1])
    await log.aggregate()
    letters = await log.fetch("select event_id, reason from event_dead_letters order by seq")
    assert [letter["reason"] for letter in letters] == ["malformed-envelope", "handler-failed"]
    good = await log.fetch("select event from outbox where not id = any($1)", spoilt)
    await assert_figures(log, model_of([row["event"] for row in good]))


async def test_changes_are_announced_when_they_can_be_read(log: Log) -> None:
    assert log.settings.database_url is not None
    listener = await asyncpg.connect(log.settings.database_url.get_secret_value())
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener(CHANGES, lambda *message: heard.put_nowait(str(message[3])))
    await log.append(Lives(log.orgs).tell([Step("enrol", 0, 1, 1, 0, 0, 0)]))
    await log.aggregate()
    message = json.loads(await asyncio.wait_for(heard.get(), PATIENCE_SECONDS))
    await listener.close()
    [cell] = await log.fetch("select partition, version, scope_id from analytics_cells where scope = 1 and grain = 0")
    assert message["versions"] == {str(cell["partition"]): cell["version"]}
    assert message["scopes"] == sorted([f"o:{log.orgs[0].hex}", f"c:{cell['scope_id'].hex}"])


async def test_fine_windows_are_trimmed_and_late_events_bring_none_back(log: Log) -> None:
    lives = Lives(log.orgs)
    ages = {"old": timedelta(days=100), "last_month": timedelta(days=30), "now": timedelta(0)}
    minutes = [round((now() - age - BEGIN) / timedelta(minutes=1)) for age in ages.values()]
    early, late = ([Step("look", 0, n, 0, 0, value, minute) for minute in minutes] for n, value in ((1, 1), (2, 6)))
    await log.append(lives.tell(early))
    await log.aggregate()
    trim = TrimWindows(timedelta(days=7), timedelta(days=90))
    assert await trim(log.database) == 2 * 3 + 3  # the platform, the organisation and the course
    await log.append(lives.tell(late))
    await log.aggregate()
    assert await trim(log.database) == 0
    rows = await log.fetch(
        "select grain, start, counters->>'views' as views from analytics_cells where scope = 1 order by grain, start"
    )
    sums: dict[int, list[int]] = {}
    for row in rows:
        sums.setdefault(row["grain"], []).append(int(row["views"]))
    assert {grain: sum(views) for grain, views in sums.items()} == {0: 6, 1: 6, 2: 4, 3: 2}


async def test_the_horizon_never_goes_back(log: Log) -> None:
    await TrimWindows(timedelta(days=1), timedelta(days=2))(log.database)
    before = await log.fetch("select minutes_from, hours_from from analytics_generation")
    await TrimWindows(timedelta(days=10), timedelta(days=20))(log.database)
    assert await log.fetch("select minutes_from, hours_from from analytics_generation") == before
