"""A process that is killed at random moments, ten times, while events are written."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from stores.events import Event
from tests.integration.analytics_aggregator.support import Log, assert_figures, eventually
from tests.unit.analytics_aggregator.lives import Lives, random_steps

ROOT = Path(__file__).parents[3]
KILLS = 10


async def test_killed_at_random_moments(log: Log) -> None:
    rng = random.Random(2024)
    told = Lives(log.orgs).tell(random_steps(rng, 6_000, learners=60))
    hurry = asyncio.Event()
    writing = asyncio.create_task(_write(log, told, rng, hurry))
    for _ in range(KILLS):
        await _aggregate_for_a_while(log, rng)
    hurry.set()
    await writing
    worker = await _start(log)

    async def is_done() -> bool:
        return await _taken(log) == len(told)

    await eventually(is_done)
    worker.kill()
    await worker.wait()
    await assert_figures(log, await log.expected())


async def _aggregate_for_a_while(log: Log, rng: random.Random) -> None:
    worker, before = await _start(log), await _taken(log)

    async def has_moved() -> bool:
        return await _taken(log) > before

    await eventually(has_moved)
    await asyncio.sleep(rng.uniform(0, 0.4))
    worker.send_signal(signal.SIGKILL)
    await worker.wait()


async def _start(log: Log) -> asyncio.subprocess.Process:
    assert log.settings.database_url is not None
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.analytics_aggregator.worker",
        log.settings.database_url.get_secret_value(), cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


async def _write(log: Log, told: Sequence[Event], rng: random.Random, hurry: asyncio.Event) -> None:
    """Slowly, until there is a hurry."""
    at = 0
    while at < len(told):
        size = rng.randint(1, 10)
        await log.append(told[at : at + size])
        at += size
        if not hurry.is_set():
            await asyncio.sleep(0.05)


async def _taken(log: Log) -> int:
    [row] = await log.fetch("select coalesce(sum(entries), 0)::bigint as taken from event_positions")
    return int(row["taken"])
