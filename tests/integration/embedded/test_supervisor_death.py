"""kill -9 of the supervisor: no orphan stays behind, and the next start finds everything."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio as redis

from cluster.embedded import Home, HomeInUseError, family
from tests.integration.embedded.support import Make, any_alive, main_pid, until
from tests.patience import PATIENCE_SECONDS

_REPOSITORY = Path(__file__).parents[3]

_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from cluster.embedded import EmbeddedServers, Home

async def main():
    home, system = map(Path, sys.argv[1:])
    async with EmbeddedServers(Home(home), system_directory=system) as servers:
        print(servers.postgres_url, servers.valkey_url, flush=True)
        await servers.wait_until(asyncio.Event())

asyncio.run(main())
"""


async def start_supervisor(home: Home, system: Path) -> tuple[Process, str, str]:
    """A supervisor in a process of its own, once its servers are ready, with their addresses."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUPERVISOR, str(home.root), str(system), stdout=PIPE, cwd=_REPOSITORY
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
    postgres_url, valkey_url = line.decode().split()
    return process, postgres_url, valkey_url


async def kill(process: Process) -> None:
    process.kill()
    await process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
async def test_no_orphan_stays_and_nothing_is_lost(home: Home, place: Path, servers: Make) -> None:
    process, postgres_url, valkey_url = await start_supervisor(home, place / "system")
    connection = await asyncpg.connect(postgres_url, timeout=PATIENCE_SECONDS)
    client = redis.Redis.from_url(valkey_url)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    await client.set("answer", 42)

    killed = time.monotonic()
    await kill(process)
    await until(lambda: not any_alive(home))
    print(f"\nno process of either server {time.monotonic() - killed:.3f} s after kill -9 of the supervisor")
    connection.terminate()
    await client.aclose()

    process, _, _ = await start_supervisor(home, place / "system")
    await kill(process)
    async with servers() as running:  # at once, so this start has to wait for the leftovers
        connection = await asyncpg.connect(running.postgres_url, timeout=PATIENCE_SECONDS)
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()
        async with redis.Redis.from_url(running.valkey_url) as client:
            assert await client.get("answer") == b"42"


async def test_the_next_start_ends_orphans(
    home: Home, place: Path, servers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that its supervisor's death did not end, as on macOS, or one that hangs."""
    monkeypatch.setattr(family, "_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(family, "_ENDING_SECONDS", 0.5)
    process, _, _ = await start_supervisor(home, place / "system")
    orphans = [main_pid(home, service) for service in ("postgres", "valkey")]
    assert os.getsid(process.pid) not in map(os.getsid, orphans)  # the terminal's Ctrl-C does not reach them
    for pid in orphans:
        os.kill(pid, signal.SIGSTOP)
    await kill(process)
    assert any_alive(home)
    async with servers():
        assert not set(orphans) & {main_pid(home, service) for service in ("postgres", "valkey")}


async def test_a_second_start_is_refused(home: Home, servers: Make) -> None:
    async with servers(postgres_url="postgresql://elsewhere/azora"):
        assert home.holder() == os.getpid()
        with pytest.raises(HomeInUseError, match=f"process {os.getpid()}") as refused:
            async with servers():
                pass
        assert refused.value.pid == os.getpid()
        assert "azora down" in refused.value.remedy
    assert home.holder() is None
