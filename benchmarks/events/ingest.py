"""Events reported by the API: how many are acknowledged, and how fast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from rich.table import Table

from benchmarks.events.api import BATCH_TYPE, ONE_TYPE, Reporter, report, session, token_of
from benchmarks.events.bench import Bench, Check, console, percentiles
from benchmarks.events.log import Follower
from benchmarks.load import cpu_of

_WANTED = 10_000
_BATCH = 1_000
_BATCH_CLIENTS, _SINGLE_CLIENTS = 4, 16
Make = Callable[[Reporter], bytes]


@dataclass(frozen=True, slots=True)
class Ingest:
    """Events acknowledged per second, milliseconds per request, CPU of the whole platform in microseconds per event."""

    events_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


async def run(bench: Bench) -> list[Check]:
    """Measure and print."""
    batches = await _measure(bench, _BATCH_CLIENTS, lambda reporter: reporter.batch(_BATCH), BATCH_TYPE)
    singles = await _measure(bench, _SINGLE_CLIENTS, Reporter.one, ONE_TYPE)
    await Follower(bench.owner).settled()  # nobody else's measurement pays for it
    table = Table("POST /api/analytics/events", "clients", "acknowledged events/s", "p50 / p99 ms", "CPU us/event")
    for name, clients, found in ((f"{_BATCH:,} at once", _BATCH_CLIENTS, batches), ("one", _SINGLE_CLIENTS, singles)):
        table.add_row(
            name, str(clients), f"{found.events_per_second:,.0f}", f"{found.p50_ms:.0f} / {found.p99_ms:.0f}",
            f"{found.cpu_us:.0f}",
        )  # fmt: skip
    console.print(table)
    return [Check(f"ingest: {_WANTED:,} events/s acknowledged in batches", batches.events_per_second >= _WANTED)]


async def _measure(bench: Bench, clients: int, make: Make, media_type: str) -> Ingest:
    token = await token_of(bench.client, bench.place.admin)
    cpu_seconds = cpu_of([bench.place.pid])
    times: list[float] = []
    accepted = 0

    async def work(number: int) -> None:
        nonlocal accepted
        reporter = Reporter(bench.world, number)
        while perf_counter() < deadline:
            body = make(reporter)
            sent = perf_counter()
            count = await report(http, body, media_type)
            accepted += count  # after the await: the others add to it meanwhile
            times.append((perf_counter() - sent) * 1000)

    async with session(bench.place.base_url, token, clients) as http:
        before, began = cpu_seconds(), perf_counter()
        deadline = began + bench.sizes.ingest_seconds
        await asyncio.gather(*(work(number) for number in range(clients)))
        seconds = perf_counter() - began
    p50, p99 = percentiles(times)
    return Ingest(accepted / seconds, p50, p99, (cpu_seconds() - before) / accepted * 1e6)
