"""Starting and stopping: speed, odd homes, odd accounts, and what stands in the way."""

import asyncio
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis.asyncio as redis

from cluster.embedded import EmbeddedPostgres, EmbeddedServerError, EmbeddedValkey, Event, EventKind, Home
from cluster.embedded.account import Account
from cluster.embedded.errors import IncompatibleDataError, SocketInUseError, StartFailedError
from tests.integration.embedded.support import Make, any_alive, main_pid
from tests.patience import PATIENCE_SECONDS

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")

_REPOSITORY = Path(__file__).parents[3]


async def answer(postgres_url: str, valkey_url: str) -> tuple[str, bool]:
    """The database's name, and whether Valkey answers."""
    connection = await asyncpg.connect(postgres_url, timeout=PATIENCE_SECONDS)
    name = await connection.fetchval("SELECT current_database()")
    await connection.close()
    async with redis.Redis.from_url(valkey_url) as client:
        return name, bool(await client.ping())


async def test_first_and_warm_start(servers: Make, home: Home) -> None:
    seconds = []
    for _ in range(2):
        began = time.monotonic()
        async with servers() as running:
            seconds.append(time.monotonic() - began)
            assert await answer(running.postgres_url, running.valkey_url) == ("azora", True)
            await check_settings(running.postgres_url, running.valkey_url)
    print(f"\nboth servers ready: first start {seconds[0]:.3f} s, warm start {seconds[1]:.3f} s")
    assert not any_alive(home)


async def check_settings(postgres_url: str, valkey_url: str) -> None:
    """Safe, without a port, with pgvector, and knowing the letters of every language."""
    connection = await asyncpg.connect(postgres_url, timeout=PATIENCE_SECONDS)
    rows = await connection.fetch("SELECT name, setting FROM pg_settings")
    await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    words = await connection.fetchval("SELECT to_tsvector('simple', 'GRÖSSE Ελληνικά')::text")
    await connection.close()
    async with redis.Redis.from_url(valkey_url, decode_responses=True) as client:
        valkey = await client.config_get("*")
    postgres = {row["name"]: row["setting"] for row in rows}
    safe = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    assert {name: postgres[name] for name in safe} == dict.fromkeys(safe, "on")
    assert (postgres["listen_addresses"], postgres["server_encoding"]) == ("", "UTF8")
    assert words == "'grösse':1 'ελληνικά':2"
    expected = {"appendonly": "yes", "appendfsync": "always", "port": "0", "maxmemory-policy": "noeviction"}
    assert expected.items() <= valkey.items()


@pytest.mark.parametrize("name", ["deep/" * 30 + "home", "Größe & 'quotes', spaces"])
async def test_odd_homes(place: Path, name: str, servers: Make) -> None:
    home = Home(place / name)
    with ExitStack() as cleanup:
        for server in (EmbeddedPostgres(home), EmbeddedValkey(home)):
            assert place not in server.socket.parents
            cleanup.callback(server.socket.parent.rmdir)
        async with servers(home=home) as running:
            assert await answer(running.postgres_url, running.valkey_url) == ("azora", True)
            assert EmbeddedValkey(home).socket.parent.stat().st_mode & 0o777 == 0o700
        for left in EmbeddedPostgres(home).socket.parent.iterdir():
            left.unlink()


@as_root
async def test_root_with_a_home_that_others_cannot_enter(place: Path, servers: Make, events: list[Event]) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    home = Home(closed / "home")
    for _ in range(2):
        async with servers(home=home) as running:
            assert await answer(running.postgres_url, running.valkey_url) == ("azora", True)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert home.postgres.readlink().parent == place / "system"
    assert [event.kind for event in events].count(EventKind.NOTE) == 2  # of the place, and of the new cluster
    assert len(list((place / "system").glob("postgres-*"))) == 1

    home.postgres.resolve().rename(place / "system" / "elsewhere")
    with pytest.raises(IncompatibleDataError, match="not there"):
        async with servers(home=home):
            pass


@as_root
async def test_root_with_a_package_that_others_cannot_read(
    place: Path, home: Home, servers: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Account, "may_read", lambda self, path: False)
    for _ in range(2):
        async with servers(valkey_url="unix:///elsewhere"):
            program = Path(psutil.Process(main_pid(home, "postgres")).exe())
            assert program.is_relative_to(place / "system")
    assert [path.name.partition("-")[0] for path in (place / "system").iterdir()] == ["postgresql"]


def nobody_can_read(path: str) -> bool:
    """Whether the account `nobody` can; it stands for a newcomer's own account."""
    nobody = pwd.getpwnam("nobody")
    account = Account(name="nobody", uid=nobody.pw_uid, gid=nobody.pw_gid)
    return account.may_read(Path(path).resolve())


@as_root
def test_an_ordinary_account(place: Path) -> None:
    account = pwd.getpwnam("nobody")
    if not nobody_can_read(sys.executable) or not nobody_can_read(asyncpg.__file__):
        pytest.skip("the interpreter or its packages are closed to other accounts")
    script = (
        "import asyncio, sys; from pathlib import Path; from cluster.embedded import *\n"
        "async def main():\n"
        "    async with EmbeddedServers(Home(Path(sys.argv[1])), system_directory=Path('/nonexistent')) as s:\n"
        "        print(s.postgres_url)\n"
        "asyncio.run(main())"
    )

    os.chown(place, account.pw_uid, account.pw_gid)
    done = subprocess.run(
        [sys.executable, "-c", script, str(place / "home")],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join((str(_REPOSITORY), *sys.path))},
        timeout=PATIENCE_SECONDS,
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert str(place / "home" / "postgres" / "run") in done.stdout
    assert all(path.lstat().st_uid == account.pw_uid for path in place.rglob("*"))
    assert (place / "home").stat().st_mode & 0o777 == 0o700


async def test_a_lock_whose_pid_is_somebody_elses_now(servers: Make, home: Home) -> None:
    async with servers(valkey_url="unix:///elsewhere"):
        data = EmbeddedPostgres(home).directory
        lock = (data / "postmaster.pid").read_text()
    (data / "postmaster.pid").write_text(lock.replace(lock.split()[0], str(os.getpid()), 1))
    async with servers(valkey_url="unix:///elsewhere"):
        assert (data / "postmaster.pid").read_text().split()[0] == str(main_pid(home, "postgres"))


async def test_a_foreign_server_on_the_socket(servers: Make, home: Home) -> None:
    home.create()
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(EmbeddedValkey(home).socket))
        foreign.listen()
        with pytest.raises(SocketInUseError, match="was not started by this home"):
            async with servers(postgres_url="postgresql://elsewhere/azora"):
                pass
    assert home.holder() is None


async def test_data_of_another_major_version(servers: Make, home: Home) -> None:
    data = EmbeddedPostgres(home.create()).directory
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(IncompatibleDataError, match="written by PostgreSQL 16"):
        async with servers():
            pass


async def test_a_server_that_does_not_start_tells_its_last_words(servers: Make, home: Home) -> None:
    """And the servers started before it are stopped again."""
    append_only = home.create().valkey / "appendonlydir"
    append_only.mkdir()
    (append_only / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(StartFailedError, match="nonsense") as failed:
        async with servers():
            pass
    assert isinstance(failed.value, EmbeddedServerError)
    assert "valkey.log" in failed.value.remedy
    assert not any_alive(home)


async def test_a_server_that_hangs_is_killed(
    servers: Make, home: Home, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddedValkey, "stop_timeout_seconds", 0.2)
    async with servers(postgres_url="postgresql://elsewhere/azora"):
        os.kill(main_pid(home, "valkey"), signal.SIGSTOP)
    assert EventKind.KILLED in [event.kind for event in events]
    assert not any_alive(home)


async def test_supervises_until_told_to_stop(servers: Make) -> None:
    stop = asyncio.Event()
    async with servers(postgres_url="postgresql://elsewhere/azora") as running:
        waiting = asyncio.create_task(running.wait_until(stop))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        stop.set()
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)
