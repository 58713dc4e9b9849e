"""kill -9 of a server while a client writes: every acknowledged write is there afterwards."""

import asyncio
import os
import signal
import time

import asyncpg
import redis.asyncio as redis

from cluster.embedded import Event, EventKind, Home
from tests.integration.embedded.support import Make, Writer, main_pid, until, write_through
from tests.patience import PATIENCE_SECONDS


def kinds_of(events: list[Event], service: str) -> list[EventKind]:
    return [event.kind for event in events if event.service == service and event.kind is not EventKind.NOTE]


EXPECTED = [
    EventKind.STARTING,
    EventKind.READY,
    EventKind.EXITED,
    EventKind.RESTARTING,
    EventKind.STARTING,
    EventKind.READY,
    EventKind.STOPPING,
    EventKind.STOPPED,
]


async def test_postgres_keeps_what_it_acknowledged(servers: Make, home: Home, events: list[Event]) -> None:
    async with servers(valkey_url="unix:///elsewhere") as running:
        pool = await asyncpg.create_pool(running.postgres_url, min_size=1, max_size=2, timeout=PATIENCE_SECONDS)
        await pool.execute("CREATE TABLE written (number bigint PRIMARY KEY)")
        writer = Writer(lambda number: pool.execute("INSERT INTO written VALUES ($1)", number))
        await write_through(writer, lambda: os.kill(main_pid(home, "postgres"), signal.SIGKILL))
        stored = {row["number"] for row in await pool.fetch("SELECT number FROM written")}
        pool.terminate()
    assert set(writer.acknowledged) <= stored
    assert kinds_of(events, "postgres") == EXPECTED
    print(f"\npostgres: writes acknowledged again {writer.longest_gap():.3f} s after kill -9")


async def test_valkey_keeps_what_it_acknowledged(servers: Make, home: Home, events: list[Event]) -> None:
    async with servers(postgres_url="postgresql://elsewhere/azora") as running:
        client = redis.Redis.from_url(running.valkey_url)
        writer = Writer(lambda number: client.sadd("written", number))
        await write_through(writer, lambda: os.kill(main_pid(home, "valkey"), signal.SIGKILL))
        stored = {int(member) for member in await client.smembers("written")}
        await client.aclose()
    assert set(writer.acknowledged) <= stored
    assert kinds_of(events, "valkey") == EXPECTED
    print(f"\nvalkey: writes acknowledged again {writer.longest_gap():.3f} s after kill -9")


async def test_a_busy_backend_does_not_hold_up_the_restart(servers: Make, home: Home, events: list[Event]) -> None:
    """A backend in a long computation does not notice that the postmaster is gone; it is ended."""
    async with servers(valkey_url="unix:///elsewhere") as running:
        connection = await asyncpg.connect(running.postgres_url, timeout=PATIENCE_SECONDS)
        busy = asyncio.create_task(connection.execute("SELECT count(*) FROM generate_series(1, 10000000000)"))
        await asyncio.sleep(0.2)
        killed = time.monotonic()
        os.kill(main_pid(home, "postgres"), signal.SIGKILL)
        await until(lambda: kinds_of(events, "postgres").count(EventKind.READY) == 2)
        print(f"\npostgres with a busy backend: ready {time.monotonic() - killed:.3f} s after kill -9")
        await asyncio.gather(busy, return_exceptions=True)
        connection.terminate()


async def test_repeated_deaths_are_survived(servers: Make, home: Home, events: list[Event]) -> None:
    delays: list[float | None] = []
    async with servers(postgres_url="postgresql://elsewhere/azora"):
        for _ in range(3):
            events.clear()
            os.kill(main_pid(home, "valkey"), signal.SIGKILL)
            await until(lambda: kinds_of(events, "valkey")[-1:] == [EventKind.READY])
            delays += [event.seconds for event in events if event.kind is EventKind.RESTARTING]
    assert delays == [0.0, 0.5, 1.0]
