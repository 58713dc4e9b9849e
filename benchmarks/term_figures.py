"""What analytics says of a replayed term, compared with the tables; and a saboteur that kills it meanwhile."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks.client import Client
from benchmarks.oulad import Expected, Presentation
from benchmarks.target import Target
from stores.event_log import lag
from stores.postgres import Database
from tests.integration.kafka.broker import own_broker

VICTIMS = ("ray::AnalyticsAggregator", "ray::EventRelay")
_DISTINCT_TOLERANCE = 0.02
_CATCH_UP_SECONDS = 300
_HALF_CENT = 0.005 + 1e-9  # means are told with two decimals


async def caught_up(place: Target) -> None:
    """Wait until every consumer has taken every event. Raises `TimeoutError`."""
    database = Database.from_settings(place.settings, role="azora_system")
    try:
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            while True:
                async with database.transaction(None, readonly=True) as connection:
                    shares = await lag.measure(connection)
                if shares and not any(share.entries for share in shares):
                    return
                await asyncio.sleep(0.5)
    finally:
        await database.close()


async def figures_differ(
    client: Client, place: Target, presentation: Presentation, course: dict[str, Any]
) -> list[str]:
    """What analytics says of a course differently from the tables. `course` has the ids of its units by assessment."""
    _, view = await client.call("GET", f"/api/analytics/courses/{course['course']}", who=place.instructor)
    expected = presentation.expected()
    told = view["totals"]["figures"]
    found: list[tuple[str, Any, Any]] = [
        ("enrolments", expected.enrolments, told["enrollments"]),
        ("withdrawals", expected.withdrawals, told["drops"]),
        ("withdrawn", expected.withdrawals, told["dropped"]),
        ("completions", expected.completions, told["completions"]),
    ]
    units = {unit["unit_id"]: unit for unit in view["units"]}
    for assessment in presentation.assessments:
        found += _unit(assessment.title, expected, units[course["units"][assessment.id]["id"]])
    differ = [f"{presentation.name}: {what}: tables {a}, analytics {b}" for what, a, b in found if a != b]
    learners, estimate = len(presentation.learners), told["active_learners"]
    if abs(estimate - learners) > _DISTINCT_TOLERANCE * learners:
        differ.append(f"{presentation.name}: learners: tables {learners}, analytics {estimate}")
    return differ


def _unit(title: str, expected: Expected, unit: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    told = unit["figures"]
    found: list[tuple[str, Any, Any]] = [(f"{title}: scored", expected.results.get(title, 0), told["scored"])]
    mean, got = expected.mean_scores.get(title), told["score_mean"]
    if "score_mean" not in unit["suppressed"] and (mean is None or got is None or abs(float(got) - mean) > _HALF_CENT):
        found.append((f"{title}: mean", mean, got))
    return found


@contextmanager
def kafka(wanted: bool) -> Iterator[dict[str, str]]:
    """The environment of a platform whose events go through a broker: the one that is configured, or one of our own."""
    name = "AZORA_KAFKA_BOOTSTRAP_SERVERS"
    if not wanted:
        yield {}
        return
    if configured := os.environ.get(name):
        yield {name: configured}
        return
    with tempfile.TemporaryDirectory(prefix="azora-broker-") as directory:
        broker = own_broker(Path(directory))
        broker.start()
        try:
            yield {name: broker.bootstrap_servers}
        finally:
            broker.kill()


class Saboteur:
    """Kills aggregators and relays with -9, so many times at random moments, while the term goes on."""

    def __init__(self, pid: int, kills: int) -> None:
        self._pid = pid
        self._left = kills
        self.killed: list[str] = []

    async def work(self) -> None:
        """Until all kills are done, or cancelled."""
        chance = random.Random()
        while self._left:
            await asyncio.sleep(chance.uniform(2, 20))
            if victims := self._victims():
                name, process = chance.choice(victims)
                with suppress(psutil.NoSuchProcess, ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                    self.killed.append(name)
                    self._left -= 1

    def _victims(self) -> list[tuple[str, psutil.Process]]:
        found = []
        for process in psutil.Process(self._pid).children(recursive=True):
            with suppress(psutil.Error):
                title = " ".join(process.cmdline()[:1])
                found += [(name, process) for name in VICTIMS if title.startswith(name)]
        return found
