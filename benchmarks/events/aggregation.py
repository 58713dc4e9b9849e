"""Events appended at a pace and all at once: whether the aggregator keeps up, and what it costs; beside the peer."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from time import monotonic

import asyncpg
from rich.table import Table

from benchmarks.events.api import token_of
from benchmarks.events.bench import Bench, Check, console, percentiles
from benchmarks.events.log import Appended, Follower, Processes, append_all, append_evenly
from benchmarks.events.world import Lives
from cluster.installation import environment

_LAG_SECONDS = 2.0
_MEMORY_MIB = 300
_PLAIN, _ADDING_UP = "plain consumer", "plain consumer, adding up"


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took to take events off the log: CPU in microseconds per event, of the consumer and of PostgreSQL."""

    events_per_second: float
    consumer_us: float
    postgres_us: float

    @property
    def cpu_us(self) -> float:
        """Together."""
        return self.consumer_us + self.postgres_us


@dataclass(frozen=True, slots=True)
class Pace:
    """How it went at a given rate: events/s appended and taken, lags in seconds, CPU as in `Cost`, memory."""

    appended_per_second: float
    taken_per_second: float
    lags: list[float]
    cost: Cost
    peak_mib: float


async def run(bench: Bench, name: str) -> list[Check]:
    """Measure and print; the events run through whatever the platform is set up with."""
    appender, watcher = await bench.connect(), await bench.connect()
    try:
        postgres_s = [await connection.fetchval("select pg_backend_pid()") for connection in (appender, watcher)]
        processes = Processes(bench.place, postgres_s)
        lives = Lives(bench.world, bench.world.courses)
        await token_of(bench.client, bench.place.admin)  # to sign in is an event, too
        await Follower(watcher).settled()
        counted = await _counted(bench)
        first = await bench.owner.fetchval("select coalesce(max(seq), 0) from outbox")
        pace = await _sustain(bench, lives, appender, watcher, processes)
        burst = await _burst(bench, lives, appender, watcher, processes)
        peers = {
            peer: await _plain(bench, processes, first, *extra)
            for peer, *extra in ((_PLAIN,), (_ADDING_UP, "--add-up"))
        }
        told = await _counted(bench) - counted
        appended = await bench.owner.fetchval("select count(*) from outbox where seq > $1", first)
        peak = processes.peak_mib()
    finally:
        await appender.close()
        await watcher.close()
    _report(name, pace, {"aggregator": burst} | peers, peak)
    letters = await bench.owner.fetchval("select count(*) from event_dead_letters")
    rate = bench.sizes.rate
    return [
        Check(f"{name}: {rate:,.0f} events/s appended", pace.appended_per_second > 0.97 * rate),
        Check(f"{name}: never more than {_LAG_SECONDS:g} s behind at that rate", max(pace.lags) < _LAG_SECONDS),
        Check(f"{name}: every event counted once ({told:,} of {appended:,})", told == appended and letters == 0),
        Check(f"{name}: at most {_MEMORY_MIB} MiB in the aggregator", peak <= _MEMORY_MIB),
    ]


async def _counted(bench: Bench) -> int:
    """How many events of the organisation the figures tell of."""
    _, view = await bench.client.call("GET", "/api/analytics/organisation", who=bench.place.admin)
    return int(view["totals"]["figures"]["events"])


async def _sustain(
    bench: Bench, lives: Lives, appender: asyncpg.Connection, watcher: asyncpg.Connection, processes: Processes
) -> Pace:
    sizes = bench.sizes
    appended, follower = Appended(), Follower(watcher)
    start, total = await follower.taken(), int(sizes.rate * sizes.sustain_seconds)
    rows = lives.rows(total)
    before, began = processes.cpu_seconds(), monotonic()
    done = asyncio.Event()
    watching = asyncio.create_task(follower.watch(lambda: appended.total if done.is_set() else None, start))
    await append_evenly(appender, bench.world.org_id, rows, sizes.rate, appended)
    done.set()
    ended = monotonic()
    await watching
    taken_by = monotonic()
    cost = _cost(before, processes.cpu_seconds(), appended.total, taken_by - began)
    lags = [appended.lag_seconds(sample.at, sample.taken) for sample in follower.samples]
    return Pace(appended.total / (ended - began), cost.events_per_second, lags, cost, processes.peak_mib())


async def _burst(
    bench: Bench, lives: Lives, appender: asyncpg.Connection, watcher: asyncpg.Connection, processes: Processes
) -> Cost:
    """As many events as one connection can append, then what is left of them taken with nothing else going on."""
    appended, follower = Appended(), Follower(watcher)
    start = await follower.taken()
    await append_all(appender, bench.world.org_id, lives.rows(bench.sizes.backlog), appended)
    before, began, taken = processes.cpu_seconds(), monotonic(), await follower.taken() - start
    await follower.watch(lambda: appended.total, start)
    left = max(appended.total - taken, 1)
    return _cost(before, processes.cpu_seconds(), left, monotonic() - began)


def _cost(before: tuple[float, float], after: tuple[float, float], events: int, seconds: float) -> Cost:
    consumer, postgres = ((late - early) / events * 1e6 for early, late in zip(before, after, strict=True))
    return Cost(events / seconds, consumer, postgres)


async def _plain(bench: Bench, processes: Processes, after: int, *extra: str) -> Cost:
    _, before = processes.cpu_seconds()
    output = await asyncio.to_thread(
        subprocess.check_output,
        [sys.executable, "-m", "benchmarks.events.plain", "--after", str(after), *extra],
        env={**os.environ, **environment(bench.place.settings)},
    )
    _, afterwards = processes.cpu_seconds()
    found = json.loads(output)
    events = found["events"]
    return Cost(events / found["seconds"], found["cpu_seconds"] / events * 1e6, (afterwards - before) / events * 1e6)


def _report(name: str, pace: Pace, costs: dict[str, Cost], peak_mib: float) -> None:
    p50, p99 = percentiles(pace.lags)
    table = Table(
        f"{name}, at a pace",
        "appended/s",
        "taken/s",
        "lag p50 / p99 / most s",
        "CPU us/event",
        "peak MiB / with a backlog",
    )
    table.add_row(
        "aggregator", f"{pace.appended_per_second:,.0f}", f"{pace.taken_per_second:,.0f}",
        f"{p50:.2f} / {p99:.2f} / {max(pace.lags):.2f}", _cpu(pace.cost), f"{pace.peak_mib:.0f} / {peak_mib:.0f}",
    )  # fmt: skip
    console.print(table)
    table = Table(f"{name}, a backlog", "events/s", "ratio", "CPU us/event: consumer + PostgreSQL", "ratio")
    ours = costs["aggregator"]
    for who, cost in costs.items():
        table.add_row(
            who, f"{cost.events_per_second:,.0f}", f"{ours.events_per_second / cost.events_per_second:.2f}",
            _cpu(cost), f"{ours.cpu_us / cost.cpu_us:.2f}",
        )  # fmt: skip
    console.print(table)


def _cpu(cost: Cost) -> str:
    return f"{cost.consumer_us:.0f} + {cost.postgres_us:.0f}"
