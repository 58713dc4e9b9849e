"""A course that a million events happened in: how long its figures take to read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from rich.table import Table

from benchmarks.events.api import token_of
from benchmarks.events.bench import Bench, Check, console, idle
from benchmarks.events.log import Appended, Follower, append_all
from benchmarks.events.world import Lives, create_course
from benchmarks.load import Load, cpu_of, pace, saturate

_CONNECTIONS = 8
_WANTED_MS = 50
_YEAR = timedelta(days=365)


async def run(bench: Bench) -> list[Check]:
    """Measure and print."""
    course = await create_course(bench.client, bench.place, bench.owner)
    count = bench.sizes.view_events
    console.print(f"{count:,} events in one course, spread over a year")
    now = datetime.now(UTC)
    follower = Follower(bench.owner)
    start = await follower.settled()
    appended = Appended()
    rows = Lives(bench.world, [course]).rows(count, now - _YEAR, now)
    await append_all(bench.owner, bench.world.org_id, rows, appended)
    await follower.watch(lambda: count, start)
    await idle(bench.place)
    address = f"{bench.place.base_url}/api/analytics/courses/{course.id}"
    year = urlencode({"from": (now - _YEAR).isoformat(), "to": now.isoformat()})
    routes = {
        "course": address,
        "course, by day over a year": f"{address}/trends?granularity=day&{year}",
        "the same, enrolments only": f"{address}/trends?granularity=day&metrics=enrollments&{year}",
    }
    found = {name: await _load(bench, url) for name, url in routes.items()}
    table = Table("GET", "req/s", "p50 / p99 ms", "at half: req/s", "p50 / p99 ms", "CPU us/req", "errors")
    for name, (most, half) in found.items():
        table.add_row(
            name, f"{most.requests_per_second:,.0f}", f"{most.p50_ms:.1f} / {most.p99_ms:.1f}",
            f"{half.requests_per_second:,.0f}", f"{half.p50_ms:.1f} / {half.p99_ms:.1f}", f"{half.cpu_us:,.0f}",
            str(most.errors + half.errors),
        )  # fmt: skip
    console.print(table)
    most, half = found["course"]
    return [
        Check(f"view: p99 under {_WANTED_MS} ms at {_CONNECTIONS} connections", most.p99_ms < _WANTED_MS),
        Check("view: no errors", not any(load.errors for pair in found.values() for load in pair)),
    ]


async def _load(bench: Bench, url: str) -> tuple[Load, Load]:
    """As many requests as eight connections carry, then half as many, evenly."""
    token = await token_of(bench.client, bench.place.instructor)
    cpu = cpu_of([bench.place.pid])
    await asyncio.to_thread(saturate, url, token, _CONNECTIONS, cpu)  # connections are made, and statements prepared
    most = await asyncio.to_thread(saturate, url, token, _CONNECTIONS, cpu)
    half = await asyncio.to_thread(pace, url, token, most.requests_per_second / 2, cpu, _CONNECTIONS)
    return most, half
