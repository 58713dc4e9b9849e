"""Figures computed anew are the same figures, whatever happens on the way."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from actors.analytics_aggregator import rebuild as rebuilding
from actors.analytics_aggregator.handler import AnalyticsHandler
from actors.analytics_aggregator.rebuild import Progress, RebuildRuns, clear_up, rebuild
from stores.event_log.trimming import TrimLog
from tests.integration.analytics_aggregator.support import (
    NO_WAIT,
    Held,
    Log,
    age_the_log,
    assert_figures,
    drain,
    eventually,
)
from tests.unit.analytics_aggregator.lives import Lives, Step, random_steps
from tests.unit.analytics_aggregator.naive import model_of

DERIVED = ("analytics_cells", "analytics_learner_days", "analytics_cohorts")


async def is_clean(log: Log) -> bool:
    """Nothing is left of a rebuild."""
    generation = await log.generation()
    counts = [
        await log.fetch(f"select count(*) as left from {table} where generation <> $1", generation) for table in DERIVED
    ]
    consumers = await log.fetch("select name from event_consumers where name <> 'analytics'")
    return not consumers and all(row["left"] == 0 for [row] in counts)


async def spoil(log: Log) -> None:
    """Figures that are wrong, as after a mistake in the code that computed them."""
    await log.fetch("update analytics_cells set counters = '{\"events\": 1}', learners = null, scores = null")
    await log.fetch("update analytics_learner_days set minutes = '{}'")
    await log.fetch("delete from analytics_cohorts")


async def test_wrong_figures_are_put_right(log: Log) -> None:
    rng = random.Random(1)
    lives = Lives(log.orgs)
    await log.append_apart(lives.tell(random_steps(rng, 250)), rng)
    live = log.consumer()
    await drain(live)
    await log.append_apart(lives.tell(random_steps(rng, 50)), rng)  # which the rebuild takes before the live one does
    await spoil(log)
    seen: list[Progress] = []
    outcome = await rebuild(log.database, seen.append, at_once=60)
    assert (outcome.generation, await log.generation(), outcome.sealed_before) == (2, 2, None)
    assert outcome.entries == seen[-1].total
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert await is_clean(log)
    await assert_figures(log, await log.expected())
    await log.append_apart(lives.tell(random_steps(rng, 100)), rng)
    stop = asyncio.Event()
    task = asyncio.create_task(live.run(stop))  # remembers the former figures, and learns that it was fenced
    await eventually(lambda: all_taken(log))
    stop.set()
    await task
    await assert_figures(log, await log.expected())


async def test_the_switch_waits_for_figures_that_are_being_written(log: Log) -> None:
    await log.append(Lives(log.orgs).tell(random_steps(random.Random(2), 100)))
    handler = Held()
    live = log.consumer(handler=handler)
    writing = asyncio.create_task(live.turn(NO_WAIT))
    await handler.is_held.wait()
    building = asyncio.create_task(rebuild(log.database))
    await asyncio.sleep(1)
    assert not building.done()
    assert await log.generation() == 1
    handler.go_on.set()
    await writing
    await building
    assert await log.generation() == 2
    await assert_figures(log, await log.expected())


async def all_taken(log: Log) -> bool:
    """The live figures tell of the whole log."""
    [row] = await log.fetch(
        "select count(*) as left from outbox o where not exists (select from event_positions p"
        " where p.consumer = 'analytics' and p.topic = o.topic and p.partition = o.partition"
        "   and (o.xid, o.seq) <= (p.xid, p.seq))"
    )
    return bool(row["left"] == 0)


@pytest.mark.parametrize("seed", range(2))
async def test_while_events_are_written_and_read(log: Log, seed: int) -> None:
    rng = random.Random(seed)
    told = Lives(log.orgs).tell(random_steps(rng, 700))
    await log.append_apart(told[:300], rng)
    await log.aggregate()
    stop = asyncio.Event()
    tasks = [asyncio.create_task(log.consumer(f"m{n}", limit=40).run(stop)) for n in range(2)]

    async def write() -> None:
        for at in range(300, len(told), 10):
            await log.append(told[at : at + 10])
            await asyncio.sleep(0.01)

    writing = asyncio.create_task(write())
    for generation in (2, 3):
        assert (await rebuild(log.database, at_once=50)).generation == generation
    await writing
    await rebuild(log.database, at_once=50)
    await eventually(lambda: all_taken(log))
    stop.set()
    await asyncio.gather(*tasks)
    await assert_figures(log, await log.expected())
    [row] = await log.fetch("select sum(entries)::bigint as taken from event_positions")
    assert row["taken"] == len(told)


async def test_what_was_trimmed_from_the_log_stays_in_the_figures(log: Log) -> None:
    rng = random.Random(3)
    lives = Lives(log.orgs)
    await log.append_apart(lives.tell(random_steps(rng, 400)), rng)
    await age_the_log(log)
    await log.aggregate()
    model = await log.expected()
    for _ in range(2):  # the sums of sealed days are unions, which are added to and copied again
        [before] = await log.fetch("select count(*) as entries from outbox")
        await log.fetch("delete from outbox where created_at < '2026-03-20'")
        [after] = await log.fetch("select count(*) as entries from outbox")
        assert 0 < after["entries"] <= before["entries"]
        outcome = await rebuild(log.database, at_once=30)
        assert outcome.sealed_before is not None
        assert (outcome.sealed_before.weekday(), outcome.sealed_before.isoformat()[:7]) == (0, "2026-03")
        assert await is_clean(log)
        await assert_figures(log, model)


async def test_late_events_after_the_survey_count_in_sealed_windows(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(4)
    lives = Lives(log.orgs)
    await log.append_apart(lives.tell(random_steps(rng, 300)), rng)
    await age_the_log(log)
    await log.aggregate()
    first = await log.fetch("select event from outbox")
    await log.fetch("delete from outbox where created_at < '2026-03-20'")
    late = lives.tell(random_steps(rng, 60))
    survey = rebuilding.survey

    async def surveyed(*args: object) -> object:
        found = await survey(*args)  # type: ignore[arg-type]
        await log.append(late)  # of any age
        await log.aggregate()
        return found

    monkeypatch.setattr(rebuilding, "survey", surveyed)
    await rebuild(log.database)
    await assert_figures(log, model_of([*(row["event"] for row in first), *(event.envelope() for event in late)]))


async def test_an_empty_log_keeps_all_figures(log: Log) -> None:
    await log.append(Lives(log.orgs).tell(random_steps(random.Random(6), 150)))
    await log.aggregate()
    model = await log.expected()
    await log.fetch("delete from outbox")
    await rebuild(log.database)
    await assert_figures(log, model)


async def test_broken_off_it_leaves_the_figures_as_they_are(log: Log) -> None:
    rng = random.Random(7)
    await log.append_apart(Lives(log.orgs).tell(random_steps(rng, 250)), rng)
    await log.aggregate()

    def interrupt(progress: Progress) -> None:
        if progress.done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(log.database, interrupt, at_once=40)
    assert await log.generation() == 1
    assert await is_clean(log)
    await assert_figures(log, await log.expected())


async def test_what_a_killed_one_leaves_is_cleared_away(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    await log.append(Lives(log.orgs).tell(random_steps(random.Random(8), 100)))
    await log.aggregate()

    async def leave_it(*_: object) -> int:
        return 0

    def die(progress: Progress) -> None:
        if progress.phase == "switching":
            raise SystemExit

    for again in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(rebuilding, "_clear", leave_it)
            with pytest.raises(SystemExit):
                await rebuild(log.database, die)
        assert not await is_clean(log)
        if again:
            await rebuild(log.database)
        else:
            assert await clear_up(log.database) > 0
        assert await is_clean(log)
        await assert_figures(log, await log.expected())


async def test_one_at_a_time(log: Log) -> None:
    await log.append(Lives(log.orgs).tell(random_steps(random.Random(9), 50)))
    refusals: list[object] = []

    async def another() -> None:
        try:
            await rebuild(log.database)
        except RebuildRuns as error:
            refusals.append(error)
        refusals.append(await clear_up(log.database))

    tasks: list[asyncio.Task[None]] = []

    def begin_another(progress: Progress) -> None:
        if not tasks:
            tasks.append(asyncio.create_task(another()))

    await rebuild(log.database, begin_another, at_once=5)
    await asyncio.gather(*tasks)
    assert isinstance(refusals[0], RebuildRuns)
    await assert_figures(log, await log.expected())


async def test_dead_letters_are_tried_again(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the code of then could not digest, and that of now can, counts; what nobody can stays a letter."""
    await log.append(Lives(log.orgs).tell(random_steps(random.Random(10), 60)))
    ids = [row["id"] for row in await log.fetch("select id from outbox order by seq limit 2")]
    [whole] = await log.fetch("select event from outbox where id = $1", ids[0])
    await log.fetch("update outbox set event = event - 'data' where id = any($1)", ids)
    await log.aggregate()
    await log.fetch("update outbox set event = $1 where id = $2", whole["event"], ids[0])
    await log.fetch(
        "insert into event_dead_letters (id, consumer, topic, partition, xid, seq, body, reason)"
        " values (gen_random_uuid(), 'analytics', 'user_events', 0, '3', 1, '', 'gone from the log')"
    )
    outcome = await rebuild(log.database)
    assert outcome.rejected == 1
    letters = await log.fetch("select consumer, reason from event_dead_letters order by reason")
    assert [tuple(letter.values()) for letter in letters] == [
        ("analytics", "gone from the log"), ("analytics", "malformed-envelope"),
    ]  # fmt: skip
    rows = await log.fetch("select event from outbox where id <> $1", ids[1])
    await assert_figures(log, model_of([row["event"] for row in rows]))


async def test_the_log_is_kept_for_a_rebuild(log: Log) -> None:
    await log.append(Lives(log.orgs).tell(random_steps(random.Random(12), 80)))
    await age_the_log(log)
    await log.aggregate()
    trimmed: list[int] = []

    async def trim() -> None:
        trimmed.append(await TrimLog(timedelta(0))(log.database))

    tasks: list[asyncio.Task[None]] = []

    def try_to_trim(progress: Progress) -> None:
        if not tasks:
            tasks.append(asyncio.create_task(trim()))

    [row] = await log.fetch("select count(*) as entries from outbox")
    outcome = await rebuild(log.database, try_to_trim, at_once=10)
    await asyncio.gather(*tasks)
    assert outcome.entries == row["entries"]
    assert await TrimLog(timedelta(0))(log.database) > 0


async def test_a_new_installation_can_be_rebuilt(log: Log) -> None:
    outcome = await rebuild(log.database)
    assert outcome.entries == 0
    await log.append(Lives(log.orgs).tell([Step("account", 0, 0, 0, 0, 1, 0)]))
    await drain(log.consumer(handler=AnalyticsHandler()))
    await assert_figures(log, await log.expected())
