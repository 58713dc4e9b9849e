"""From commit to visible: events reported at a pace, the figures watched on the live stream."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

import aiohttp
import orjson
from rich.table import Table

from benchmarks.events.api import BATCH_TYPE, Reporter, report, session, token_of
from benchmarks.events.bench import Bench, Check, console, percentiles
from benchmarks.events.log import Follower

_RATE = 500  # events/s
_AT_ONCE = 10
_CONNECTIONS = 8
_WANTED_SECONDS = 1.0
_LAST_SECONDS = 10.0
_FIGURE = "client_events"


@dataclass
class Seen:
    """What the stream has shown so far: when, and how many events in all."""

    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, shown: int) -> None:
        """The figure as of now."""
        self.times.append(monotonic())
        self.counts.append(shown)
        self.ready.set()

    def first(self, shown: int) -> float | None:
        """When so many were shown for the first time."""
        place = bisect_left(self.counts, shown)
        return self.times[place] if place < len(self.times) else None


@dataclass
class Sending:
    """Requests at a pace. An answer is as good as a commit: it leaves after that."""

    began: int = 0  # events in requests that have begun
    answers: list[tuple[float, int]] = field(default_factory=list)  # when, and `began` at that moment

    async def send(self, http: aiohttp.ClientSession, body: bytes) -> None:
        """One request. Whatever else was committed by the time of its answer had begun by then."""
        self.began += _AT_ONCE
        await report(http, body, BATCH_TYPE)
        self.answers.append((monotonic(), self.began))


async def run(bench: Bench) -> list[Check]:
    """Measure and print."""
    await Follower(bench.owner).settled()
    token = await token_of(bench.client, bench.place.admin)
    seen, sending = Seen(), Sending()
    async with session(bench.place.base_url, token, _CONNECTIONS + 1) as http:
        watching = asyncio.create_task(_watch(http, seen))
        try:
            await asyncio.wait_for(seen.ready.wait(), _LAST_SECONDS)
            await _send_evenly(bench, http, sending)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    while seen.counts[-1] < seen.counts[0] + sending.began:  # noqa: ASYNC110 - nobody tells
                        await asyncio.sleep(0.05)
        finally:
            watching.cancel()
    return _report(seen, sending)


async def _send_evenly(bench: Bench, http: aiohttp.ClientSession, sending: Sending) -> None:
    reporter = Reporter(bench.world, 0)
    began = monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in count():
            due = began + number * _AT_ONCE / _RATE
            if due > began + bench.sizes.prompt_seconds:
                return
            await asyncio.sleep(max(0.0, due - monotonic()))
            tasks.create_task(sending.send(http, reporter.batch(_AT_ONCE)))


async def _watch(http: aiohttp.ClientSession, seen: Seen) -> None:
    address = "/api/analytics/stream?scope=organisation"
    async with http.get(address, timeout=aiohttp.ClientTimeout(total=None)) as stream:
        async for document in _documents(stream):
            shown = document.get("totals", {}).get("figures", {}).get(_FIGURE)
            if shown is not None:
                seen.add(int(shown))


async def _documents(stream: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    while line := await stream.content.readline():
        if line.startswith(b"data: "):
            yield orjson.loads(line[6:])


def _report(seen: Seen, sending: Sending) -> list[Check]:
    shown = [seen.first(seen.counts[0] + events) for _, events in sending.answers]
    waits = [at - answered for at, (answered, _) in zip(shown, sending.answers, strict=True) if at is not None]
    lost = len(shown) - len(waits)
    p50, p99 = percentiles([max(0.0, wait) for wait in waits])
    first, last = sending.answers[0][0], sending.answers[-1][0]
    table = Table("live stream", "events/s", "commit to visible p50 / p99 / most s", "never visible")
    table.add_row(
        "organisation", f"{sending.began / (last - first):,.0f}", f"{p50:.2f} / {p99:.2f} / {max(waits):.2f}", str(lost)
    )
    console.print(table)
    name = f"prompt: p99 under {_WANTED_SECONDS:g} s from commit to visible at {_RATE} events/s"
    return [Check(name, lost == 0 and p99 < _WANTED_SECONDS)]
