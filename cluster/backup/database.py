"""PostgreSQL's part: a dump of one snapshot, what the tables hold in it, and the way back."""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from cluster.backup.members import TableState
from cluster.embedded.installation import postgres_installation
from cluster.embedded.placement import SYSTEM_DIRECTORY
from configs.errors import AzoraError, ConfigurationError

_PIECE_BYTES = 1 << 18
_CONNECT_SECONDS = 10
_LATEST_ERROR_BYTES = 2000

_TABLES = """
select c.oid::regclass::text as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = 'public'
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
order by 1
"""
# Sums of hashes are the same in whatever order rows come. 96 bits by three sums of 32: collisions are no attack here,
# the file is authenticated; they are to find what a restore left out.
_STATE = """
select count(*) as rows,
       coalesce(sum(('x' || substr(h, 1, 8))::bit(32)::bigint), 0)::text || '-' ||
       coalesce(sum(('x' || substr(h, 9, 8))::bit(32)::bigint), 0)::text || '-' ||
       coalesce(sum(('x' || substr(h, 17, 8))::bit(32)::bigint), 0)::text as digest
from (select md5(t::text) as h from only {table} t) hashed
"""
_ROLES = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'azora_app') then
        create role azora_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_roles where rolname = 'azora_system') then
        create role azora_system nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
end $$
"""


# Functions carry settings of the extension, which a login that is no superuser may set only once its library is loaded.
_BEGIN = b"begin; select '[0]'::public.vector \\g /dev/null\n"
_BY_AN_ADMINISTRATOR = (
    "Have an administrator make the roles azora_app and azora_system, grant them to it with admin option, and run in "
    "the database: create extension vector with schema public;"
)


class DumpFailed(AzoraError):
    """One of PostgreSQL's own programs failed; the message is its own."""

    type = "dump-failed"
    title = "PostgreSQL's dump or restore failed"


class NotEmpty(AzoraError):
    """There is something where a backup was to be restored."""

    type = "not-empty"
    title = "The database is not empty"


@dataclass(frozen=True)
class Snapshot:
    """A moment of the database, for as long as its transaction lasts."""

    name: str
    connection: Any

    async def tables(self) -> dict[str, TableState]:
        return await states(self.connection)

    async def revision(self) -> str:
        return str(await self.connection.fetchval("select version_num from alembic_version"))

    async def people(self) -> set[str]:
        """Who may have sessions: everybody who has not left, as 32 hexadecimal digits."""
        rows = await self.connection.fetch("select replace(id::text, '-', '') as id from users where status = 'active'")
        return {row["id"] for row in rows}


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Snapshot]:
    """Hold a snapshot of the database at `url`, a login that owns the schema."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, server_settings={"timezone": "UTC"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            name = await connection.fetchval("select pg_export_snapshot()")
            yield Snapshot(name, connection)
    finally:
        await connection.close()


async def states(connection: Any) -> dict[str, TableState]:
    """What every table of ours holds."""
    found: dict[str, TableState] = {}
    for row in await connection.fetch(_TABLES):
        state = await connection.fetchrow(_STATE.format(table=row["name"]))
        found[row["name"]] = TableState(state["rows"], state["digest"])
    return found


async def dump(url: str, of: Snapshot) -> AsyncIterator[bytes]:
    """The dump in PostgreSQL's own format, in pieces. Raises `DumpFailed`."""
    process = await _program(
        "pg_dump", "--format=custom", "--compress=gzip:3", "--no-password", f"--snapshot={of.name}",
        url=url, stdout=PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with _supervised(process, "pg_dump"):
        while piece := await process.stdout.read(_PIECE_BYTES):
            yield piece


@asynccontextmanager
async def restoring(url: str) -> AsyncIterator[Any]:
    """A pipe for the dump; all of it comes into the database, or nothing. Raises `NotEmpty`, `DumpFailed`,
    `ConfigurationError`.

    `pg_restore` makes a script of it, which `psql` runs in a transaction that is ours to begin and, once the script is
    whole, to commit.
    """
    await _require_empty(url)
    session = await _program(
        "psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", url=url, stdin=PIPE
    )
    assert session.stdin is not None
    async with _supervised(session, "psql"):
        session.stdin.write(_BEGIN)
        async with _script_into(session.stdin) as dump:
            yield dump
        session.stdin.write(b"\ncommit;\n")
        session.stdin.close()
        await session.stdin.wait_closed()


@asynccontextmanager
async def _script_into(sink: asyncio.StreamWriter) -> AsyncIterator[asyncio.StreamWriter]:
    process = await _program(
        "pg_restore", "--no-owner", "--exit-on-error", "--file=-",
        "--no-comments",  # ours has none; that of the extension is for whoever made it, who may be an administrator
        stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    async with _supervised(process, "pg_restore"):
        passing = asyncio.create_task(_pass_on(process.stdout, sink))
        try:
            yield process.stdin
            process.stdin.close()
            await process.stdin.wait_closed()
            await passing
        finally:
            passing.cancel()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """To the end, also where nobody takes it any more: who writes it shall not wait for ever."""
    heard = True
    while piece := await source.read(_PIECE_BYTES):
        try:
            if heard:
                sink.write(piece)
                await sink.drain()
        except (BrokenPipeError, ConnectionResetError):
            heard = False


async def read_states(url: str) -> dict[str, TableState]:
    """As `states`, over a connection of its own."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS, server_settings={"timezone": "UTC"})
    try:
        return await states(connection)
    finally:
        await connection.close()


async def _require_empty(url: str) -> None:
    """Make what a dump takes for granted, in a database that has no tables yet."""
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        if names := await connection.fetch(_TABLES):
            raise NotEmpty(f"It has {len(names)} tables, {names[0]['name']} among them; a backup is restored into none")
        await connection.execute(_ROLES)
        await connection.execute("create extension if not exists vector with schema public")
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(
            [f"This login may not prepare the database: {error}. {_BY_AN_ADMINISTRATOR}"]
        ) from error
    finally:
        await connection.close()


async def _program(
    name: str, *arguments: str, url: str | None = None, stdin: int = DEVNULL, stdout: int = DEVNULL
) -> Process:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": "/nonexistent"}
    if url is not None:
        bare, password = without_password(url)
        arguments = (*arguments, f"--dbname={bare}")
        environment |= {"PGPASSWORD": password} if password else {}
    return await asyncio.create_subprocess_exec(
        str(_found(name)), *arguments, stdin=stdin, stdout=stdout, stderr=PIPE, env=environment
    )


def without_password(url: str) -> tuple[str, str]:
    """The address, and the password that must not be among arguments: everybody on the machine can list those."""
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    user, colon, password = login.partition(":")
    told = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in told if name != "password"]
    if not colon and len(kept) == len(told):
        return url, ""
    given = dict(told).get("password", unquote(password))  # as libpq: the later one counts
    return urlunsplit(
        parts._replace(netloc=f"{user}{at}{place}", query=urlencode(kept, quote_via=quote, safe="/"))
    ), given


def _found(name: str) -> Path:
    """The program that came with the embedded server, which no older server than its own is too old for."""
    embedded = postgres_installation(None, SYSTEM_DIRECTORY) / "bin" / name
    if embedded.exists():
        return embedded
    other = shutil.which(name)
    if other is None:
        raise DumpFailed(f"There is no {name} here: install PostgreSQL's client programs")
    return Path(other)


@asynccontextmanager
async def _supervised(process: Process, name: str) -> AsyncIterator[None]:
    assert process.stderr is not None
    saying = asyncio.create_task(process.stderr.read())
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # the program ended; why is below
            yield
        said = (await saying).decode(errors="replace").strip()
        if await process.wait() != 0:
            raise DumpFailed(f"{name}: {said[-_LATEST_ERROR_BYTES:] or process.returncode}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        saying.cancel()
