"""A base backup and the archived log bring the database back to a moment between two writes (docs/OPERATIONS.md)."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from cluster.embedded import EmbeddedServers, Home
from cluster.embedded.installation import postgres_installation
from cluster.embedded.postgres import EmbeddedPostgres
from tests.patience import PATIENCE_SECONDS

HANDBOOK = Path(__file__).parents[3] / "docs" / "OPERATIONS.md"


async def test_the_database_as_it_was_between_two_writes(servers: Callable[..., EmbeddedServers], place: Path) -> None:
    archive = place / "archive"
    archive.mkdir()
    archive.chmod(0o777)  # run as root, PostgreSQL works as another account
    async with servers() as first:
        await _execute(first, "alter system set archive_mode = on")
        await _execute(first, f"alter system set archive_command = 'cp %p {archive}/%f'")
    async with servers() as running:
        await _execute(running, "create table writes (what text)")
        _base_backup(running, place)
        await _execute(running, "insert into writes values ('before')")
        moment = await _now(running)
        await _execute(running, "insert into writes values ('after')")
        await _archived(running)

    restored = Home(place / "restored")
    async with servers(home=restored):
        pass  # what it needs besides its data is there
    _restore(EmbeddedPostgres(restored).directory, place / "base", archive, moment)
    async with servers(home=restored) as again:
        await _recovered(again)
        connection = await asyncpg.connect(again.postgres_url)
        assert [row["what"] for row in await connection.fetch("select what from writes")] == ["before"]
        await connection.execute("insert into writes values ('another life')")
        for name in ("restore_command", "recovery_target_time", "recovery_target_action"):
            await connection.execute(f"alter system reset {name}")
        await connection.close()


def _base_backup(running: EmbeddedServers, place: Path) -> None:
    program = postgres_installation(None, place) / "bin" / "pg_basebackup"
    command = [program, f"--dbname={running.postgres_url}", f"--pgdata={place / 'base'}"]
    subprocess.run([*command, "--format=tar", "--gzip", "--checkpoint=fast"], check=True, timeout=PATIENCE_SECONDS)


def _restore(data: Path, base: Path, archive: Path, moment: datetime) -> None:
    owner = data.stat()
    shutil.rmtree(data)
    data.mkdir(mode=0o700)
    for name, to in (("base", data), ("pg_wal", data / "pg_wal")):
        with tarfile.open(base / f"{name}.tar.gz") as packed:
            packed.extractall(to, filter="data")
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(_written_settings(archive, moment))
    (data / "recovery.signal").touch()
    for path in (data, *data.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def _written_settings(archive: Path, moment: datetime) -> str:
    """The handbook's own settings, with this archive and this moment in place of its examples."""
    (block,) = re.findall(r"```ini\n(archive_mode.*?)```", HANDBOOK.read_text(), re.DOTALL)
    for example, here in (("/mnt/archive", str(archive)), ("2026-11-29 12:00:00+00", moment.isoformat())):
        assert example in block
        block = block.replace(example, here)
    return block


async def _execute(running: EmbeddedServers, statement: str) -> None:
    connection = await asyncpg.connect(running.postgres_url)
    await connection.execute(statement)
    await connection.close()


async def _now(running: EmbeddedServers) -> datetime:
    connection = await asyncpg.connect(running.postgres_url)
    moment: datetime = await connection.fetchval("select clock_timestamp()")
    await connection.close()
    return moment


async def _archived(running: EmbeddedServers) -> None:
    """Finish the segment, and wait until it is in the archive."""
    connection = await asyncpg.connect(running.postgres_url)
    segment = await connection.fetchval("select pg_walfile_name(pg_switch_wal())")
    archived = "select coalesce(last_archived_wal, '') >= $1 from pg_stat_archiver"
    await _until(lambda: connection.fetchval(archived, segment))
    await connection.close()


async def _recovered(running: EmbeddedServers) -> None:
    connection = await asyncpg.connect(running.postgres_url)
    await _until(lambda: connection.fetchval("select not pg_is_in_recovery()"))
    await connection.close()


async def _until(check: Callable[[], Awaitable[Any]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await check():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
