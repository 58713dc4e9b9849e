"""Speed beside the peer, in one run over the same PostgreSQL and Valkey.

    python -m benchmarks.speed [--rounds 3]

Prints the median of the rounds and the ratio platform / peer for reading a course (32 connections, one connection, half
of full load), and for registration, sign-in, enrolment and progress. Loopback only, a few minutes, bounded in count.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.client import Client, Identity
from benchmarks.load import Load, cpu_of, pace, require_tools, saturate
from benchmarks.target import Target, free_port, target
from cluster.installation import environment
from stores.ids import new_id

_WRITES = 200
_PASSWORD = "a benchmark's own password"
# By step: requests/s and median milliseconds.
Timings = dict[str, tuple[float, float]]
console = Console(width=120)


@contextmanager
def peer(place: Target) -> Iterator[tuple[str, int]]:
    """The peer on one worker: its address and process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "benchmarks.peer:app", "--port", str(port), "--no-access-log",
         "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"],
        env={**os.environ, **environment(place.settings), "AZORA_BCRYPT_COST": "4"},
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}/openapi.json", timeout=1).close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.2)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(10)


async def _course(client: Client, place: Target) -> tuple[str, list[str]]:
    units = [{"kind": "text", "title": f"Unit {n}", "body": "A paragraph of text. " * 40} for n in range(12)]
    course = {
        "title": "A course to measure by",
        "description": "What a course page shows. " * 20,
        "category": "benchmark",
        "modules": [{"title": f"Module {n}", "units": units[n * 3 : n * 3 + 3]} for n in range(4)],
    }
    who = place.instructor
    _, created = await client.call("POST", "/api/courses", who=who, json=course)
    await client.call("POST", f"/api/courses/{created['id']}/publish", who=who)
    _, draft = await client.call("GET", f"/api/courses/{created['id']}/draft", who=who)
    return created["id"], [unit["id"] for module in draft["modules"] for unit in module["units"]]


async def _timed(jobs: list[Callable[[], Awaitable[Any]]], concurrency: int = 8) -> tuple[float, float]:
    """Run the jobs; requests/s and median milliseconds."""
    gate = asyncio.Semaphore(concurrency)
    times: list[float] = []

    async def one(job: Callable[[], Awaitable[Any]]) -> None:
        async with gate:
            started = time.perf_counter()
            await job()
            times.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(one(job) for job in jobs))
    return len(jobs) / (time.perf_counter() - started), median(times)


async def _writes(client: Client, place: Target, course_id: str, units: list[str]) -> Timings:
    """A stranger registers, signs in, enrols and completes a unit; the same requests to platform or peer."""
    people = [Identity(place.organisation, f"{new_id().hex}@bench.example", _PASSWORD) for _ in range(_WRITES)]
    enrolments: dict[str, str] = {}

    def register(who: Identity) -> Callable[[], Awaitable[Any]]:
        body = {
            "organisation": who.organisation, "email": who.email, "password": who.password,
            "first_name": "Bench", "last_name": "Mark",
        }  # fmt: skip
        return lambda: client.call("POST", "/api/users/register", json=body)

    def sign_in(who: Identity) -> Callable[[], Awaitable[Any]]:
        async def job() -> None:
            body = {"organisation": who.organisation, "email": who.email, "password": who.password}
            who.token = (await client.call("POST", "/api/sessions", json=body))[1]["access_token"]

        return job

    def enrol(who: Identity) -> Callable[[], Awaitable[Any]]:
        async def job() -> None:
            _, made = await client.call("POST", "/api/enrollments", who=who, json={"course_id": course_id})
            enrolments[who.email] = made["id"]

        return job

    def progress(who: Identity) -> Callable[[], Awaitable[Any]]:
        return lambda: client.call(
            "PUT", f"/api/enrollments/{enrolments[who.email]}/units/{units[0]}/completion", who=who
        )

    steps = {"registration": register, "sign-in": sign_in, "enrolment": enrol, "progress": progress}
    return {name: await _timed([step(who) for who in people]) for name, step in steps.items()}


def _middle(loads: list[Load]) -> Load:
    fields = Load.__dataclass_fields__
    return Load(**{name: median(getattr(load, name) for load in loads) for name in fields})


def _row(table: Table, name: str, ours: Load, theirs: Load) -> None:
    table.add_row(
        name,
        f"{ours.requests_per_second:,.0f}", f"{theirs.requests_per_second:,.0f}",
        f"{ours.requests_per_second / theirs.requests_per_second:.2f}",
        f"{ours.p50_ms:.2f} / {theirs.p50_ms:.2f}", f"{ours.p99_ms:.1f} / {theirs.p99_ms:.1f}",
        f"{ours.cpu_us:.0f} / {theirs.cpu_us:.0f}", f"{ours.errors} / {theirs.errors}",
    )  # fmt: skip


async def measure(rounds: int) -> int:
    """Run everything and print it. Returns the exit status: 1 where a target is missed."""
    async with target(None, "speed") as place, Client(place.base_url, 32) as client:
        course_id, units = await _course(client, place)
        await client.call("GET", f"/api/courses/{course_id}", who=place.instructor)
        token = place.instructor.token
        assert token is not None
        with peer(place) as (peer_url, peer_pid):
            stores = [p.pid for p in psutil.Process(place.pid).children() if p.name() in {"postgres", "valkey-server"}]
            sides = {
                "platform": (place.base_url, cpu_of([place.pid])),
                "peer": (peer_url, cpu_of([peer_pid, *stores])),
            }
            found: dict[tuple[str, str], list[Load]] = {}
            for _ in range(rounds):
                for connections in (32, 1):
                    for side, (url, cpu) in sides.items():
                        load = saturate(f"{url}/api/courses/{course_id}", token, connections, cpu)
                        found.setdefault((f"{connections} connections", side), []).append(load)
            half = median(load.requests_per_second for load in found["32 connections", "platform"]) / 2
            peer_half = median(load.requests_per_second for load in found["32 connections", "peer"]) / 2
            for _ in range(rounds):
                for side, (url, cpu) in sides.items():
                    rate = half if side == "platform" else peer_half
                    load = pace(f"{url}/api/courses/{course_id}", token, rate, cpu)
                    found.setdefault(("half of full load", side), []).append(load)
            writes: list[tuple[Timings, Timings]] = []
            async with Client(peer_url, 32) as peer_client:
                for _ in range(rounds):
                    ours = await _writes(client, place, course_id, units)
                    theirs = await _writes(peer_client, place, course_id, units)
                    writes.append((ours, theirs))
        return _report(found, writes)


def _report(
    found: dict[tuple[str, str], list[Load]],
    writes: list[tuple[Timings, Timings]],
) -> int:
    table = Table("GET course", "platform req/s", "peer req/s", "ratio", "p50 ms", "p99 ms", "CPU us/req", "errors")
    middles = {key: _middle(loads) for key, loads in found.items()}
    for name in ("32 connections", "1 connections", "half of full load"):
        _row(table, name, middles[name, "platform"], middles[name, "peer"])
    console.print(table)
    table = Table("write, 8 at a time", "platform req/s", "peer req/s", "ratio", "median ms")
    for name in writes[0][0]:
        ours, theirs = (median(pair[side][name][0] for pair in writes) for side in (0, 1))
        fast, slow = (median(pair[side][name][1] for pair in writes) for side in (0, 1))
        table.add_row(name, f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}", f"{fast:.1f} / {slow:.1f}")
    console.print(table)
    many, one = "32 connections", "1 connections"
    checks = {
        "at 32 connections at least twice the peer's requests/s": middles[many, "platform"].requests_per_second
        >= 2 * middles[many, "peer"].requests_per_second,
        "at one connection no slower": middles[one, "platform"].p50_ms <= middles[one, "peer"].p50_ms,
        "p99 under 50 ms at half of full load": middles["half of full load", "platform"].p99_ms < 50,
        "no errors": all(load.errors == 0 for key, load in middles.items() if key[1] == "platform"),
    }
    for name, held in checks.items():
        console.print(f"{'held  ' if held else 'MISSED'} {name}")
    return 0 if all(checks.values()) else 1


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Speed beside a plain FastAPI and uvicorn monolith.")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    require_tools()
    return asyncio.run(measure(arguments.rounds))


if __name__ == "__main__":
    sys.exit(main())
