"""What every part is given, and how it says what it found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from statistics import quantiles
from typing import NamedTuple

import asyncpg
from rich.console import Console

from benchmarks.client import Client
from benchmarks.events import world
from benchmarks.events.world import World
from benchmarks.load import cpu_of
from benchmarks.target import Target, own_target

console = Console(width=120)
_CONNECTIONS = 16
_IDLE_CORES = 0.25
_IDLE_SECONDS = 2.0
_PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of everything."""

    learners: int
    courses: int
    rate: float
    sustain_seconds: float
    backlog: int
    ingest_seconds: float
    prompt_seconds: float
    view_events: int


FULL = Sizes(
    learners=100_000, courses=50, rate=5_000, sustain_seconds=30, backlog=150_000, ingest_seconds=15,
    prompt_seconds=30, view_events=1_000_000,
)  # fmt: skip
QUICK = Sizes(
    learners=2_000, courses=5, rate=2_000, sustain_seconds=4, backlog=10_000, ingest_seconds=3, prompt_seconds=5,
    view_events=20_000,
)  # fmt: skip


class Check(NamedTuple):
    """A target, and whether it was met."""

    name: str
    held: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """A platform of one's own, peopled. `owner` is a connection that row-level security does not bind."""

    place: Target
    client: Client
    owner: asyncpg.Connection
    world: World
    sizes: Sizes

    async def connect(self) -> asyncpg.Connection:
        """One more connection of that kind."""
        return await _connect(self.place)


@asynccontextmanager
async def opened(sizes: Sizes, **environment: str) -> AsyncIterator[Bench]:
    """Start a platform for as long as the block lasts; `environment` is more of it."""
    async with own_target("events", **environment) as place, Client(place.base_url, _CONNECTIONS) as client:
        owner = await _connect(place)
        try:
            console.print(f"making {sizes.courses} courses and {sizes.learners:,} learners")
            made = await world.create(client, place, owner, learners=sizes.learners, courses=sizes.courses)
            await idle(place)
            yield Bench(place, client, owner, made, sizes)
        finally:
            await owner.close()


async def idle(place: Target) -> None:
    """Wait until the platform has done what else there is to do, such as indexing new courses. Gives up in the end."""
    cpu_seconds = cpu_of([place.pid])
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                before = cpu_seconds()
                await asyncio.sleep(_IDLE_SECONDS)
                if cpu_seconds() - before < _IDLE_CORES * _IDLE_SECONDS:
                    return


async def _connect(place: Target) -> asyncpg.Connection:
    assert place.settings.database_url is not None
    return await asyncpg.connect(place.settings.database_url.get_secret_value())


def percentiles(values: list[float]) -> tuple[float, float]:
    """The 50th and the 99th."""
    cuts = quantiles(values, n=100) if len(values) > 1 else values * 99
    return cuts[49], cuts[98]
