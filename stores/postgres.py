"""PostgreSQL: a pool whose every transaction declares its tenant, and the translation of driver errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import asyncpg
import orjson
import structlog
from asyncpg.pool import PoolConnectionProxy

from configs.settings import Settings
from stores.errors import StoreConflict, StoreError, StoreUnavailable, UniqueViolation
from stores.metrics import storage

if TYPE_CHECKING:
    from stores.leases import DatabaseLogin
    from stores.vault import Lease

log = structlog.get_logger("azora.postgres")

Connection = PoolConnectionProxy

# The tenant of requests that have none: it owns no organisation, so row-level security shows it nothing.
NIL_ORG = UUID(int=0)
# Has the rest of a transaction planned for what it asks.
PLAN_ANEW = "set local plan_cache_mode = force_custom_plan"

# More than all services together have, so that none is parsed and planned twice on one connection.
_REMEMBERED_STATEMENTS = 1000

_LISTEN_AGAIN_SECONDS, _LOG_IN_AGAIN_SECONDS = 0.5, 2.0

_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a killed server leaves the driver with
    asyncpg.exceptions.OperatorInterventionError,  # shutdown, crash recovery, statement time-out
    asyncpg.exceptions.InsufficientResourcesError,
    OSError,
    TimeoutError,
)


_CONFLICTS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,  # a migration meanwhile; the driver has forgotten the plan by now
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what asyncpg raises into `stores.errors`."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise UniqueViolation(error.constraint_name or "") from error
    except _CONFLICTS as error:
        storage.database_failed("conflict")
        raise StoreConflict() from error
    except _UNAVAILABLE as error:
        storage.database_failed("unavailable")
        raise StoreUnavailable("The database does not answer; try again shortly") from error
    except asyncpg.PostgresError as error:
        storage.database_failed("refused")
        raise StoreError("The database refused a statement") from error


@contextmanager
def violations(errors: Mapping[str, Callable[[], Exception]]) -> Iterator[None]:
    """Raise what `errors` has for the constraint that a statement violates; other violations pass as they are.

    The transaction is aborted all the same: the caller cannot go on with it.
    """
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        make = errors.get(error.constraint_name or "")
        if make is None:
            raise
        raise make() from error


def _login(settings: Settings) -> DatabaseLogin | None:
    if settings.vault_database_role is None:
        return None
    from stores.leases import DatabaseLogin  # an HTTP client comes with it, which few installations need
    from stores.vault import Vault, VaultAccess

    access = VaultAccess.from_settings(settings)
    if access is None:
        return None
    return DatabaseLogin(Vault(access), settings.vault_database_role)


def _credentials(lease: Lease) -> dict[str, Any]:
    return {"user": lease.username, "password": lease.password.get_secret_value()}


async def _prepare(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode_json, decoder=orjson.loads)


def _encode_json(value: Any) -> str:
    # asyncpg's UUIDs are a subclass, which orjson does not take by itself; money keeps its digits as text.
    return orjson.dumps(value, default=str).decode()


async def _keep_session(_connection: Any) -> None:
    # Nothing to reset: all that a transaction sets, it sets for itself only (SET LOCAL).
    return None


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.execute("rollback", timeout=2)
    except (*_UNAVAILABLE, asyncpg.PostgresError):
        with suppress(asyncpg.InterfaceError):  # the driver has let go of it already
            connection.terminate()  # the server rolls back what it no longer hears of


class Database:
    """A connection pool under one of the two application roles.

    `azora_app` is bound by row-level security to the tenant that each transaction declares; `azora_system` sees
    all tenants and is for duties that belong to none (expiry, mail, relays), never for a request.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str = "azora_app",
        pool_size: int = 10,
        acquire_timeout: timedelta = timedelta(seconds=3),
        statement_timeout: timedelta = timedelta(seconds=10),
        login: DatabaseLogin | None = None,
    ) -> None:
        self._url = url
        self._login = login
        self._keeping: asyncio.Task[None] | None = None
        self._role = role
        self._pool_size = pool_size
        self._acquire_timeout_seconds = acquire_timeout.total_seconds()
        self._statement_timeout_ms = int(statement_timeout.total_seconds() * 1000)
        self._pool: asyncpg.Pool | None = None
        self._metrics = storage.Pool(role, pool_size)
        self._opening = asyncio.Lock()

    @classmethod
    def from_settings(cls, settings: Settings, *, role: str = "azora_app") -> Self:
        assert settings.database_url is not None
        return cls(
            settings.database_url.get_secret_value(),
            role=role,
            pool_size=settings.database_pool_size,
            acquire_timeout=settings.database_acquire_timeout,
            statement_timeout=settings.database_statement_timeout,
            login=_login(settings),
        )

    def server_settings(self) -> dict[str, str]:
        """What every connection declares as it opens."""
        return {
            "role": self._role,
            "application_name": f"azora/{self._role}",
            "statement_timeout": str(self._statement_timeout_ms),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
        }

    async def open(self) -> None:
        """Open the pool if it is not open. A database that is down is no error here, only at first use."""
        await self._ready_pool()

    async def _ready_pool(self) -> asyncpg.Pool:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        min_size=0,
                        max_size=self._pool_size,
                        init=_prepare,
                        reset=_keep_session,
                        timeout=self._acquire_timeout_seconds,
                        max_inactive_connection_lifetime=300,
                        statement_cache_size=_REMEMBERED_STATEMENTS,
                        server_settings=self.server_settings(),
                        connect=self._connect,
                    )
                    self._metrics.opened()
                    self._keep_login(self._pool)
        return self._pool

    async def _connect(self, *arguments: Any, **options: Any) -> Any:
        if self._login is None:
            return await asyncpg.connect(*arguments, **options)
        lease = await self._login.current()
        try:
            return await asyncpg.connect(*arguments, **(options | _credentials(lease)))
        except asyncpg.InvalidAuthorizationSpecificationError:
            lease = await self._login.after(lease)
            return await asyncpg.connect(*arguments, **(options | _credentials(lease)))

    def _keep_login(self, pool: asyncpg.Pool) -> None:
        if self._login is not None:
            self._login.exchanged = pool.expire_connections
            self._keeping = asyncio.create_task(self._login.keep())

    async def _release_login(self) -> None:
        if self._login is not None:
            if self._keeping is not None:
                self._keeping.cancel()
                await asyncio.gather(self._keeping, return_exceptions=True)
            await self._login.give_back()
            await self._login.vault.close()

    async def close(self) -> None:
        """Close the pool, giving running statements five seconds."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            self._metrics.closed()
            try:
                async with asyncio.timeout(5):
                    await pool.close()
            except TimeoutError:
                pool.terminate()
        await self._release_login()

    async def server_version(self) -> tuple[int, str]:
        """The server's major version, and how it calls itself, by the login alone: on a server that is new it has no
        role to take yet. Raises `StoreUnavailable` and its kin.
        """
        with translated():
            connection = await self._connect(self._url, timeout=self._acquire_timeout_seconds)
            try:
                return connection.get_server_version().major, await connection.fetchval("show server_version")
            finally:
                await connection.close()

    @asynccontextmanager
    async def transaction(
        self, org_id: UUID | None, *, readonly: bool = False, plan_anew: bool = False
    ) -> AsyncIterator[Connection]:
        """A transaction that sees the rows of `org_id` only (of none, where it is None).

        With `plan_anew` its statements are planned for what they ask, not by plans kept from before: statistics of
        tables that grow by the second are always behind, and a kept plan outlives the size it was made for.
        Commits when the block ends, rolls back when it raises. Raises `StoreUnavailable` and its kin.
        """
        async with self.single_statements() as connection:
            # One round trip instead of two. A UUID prints as hex digits and dashes: nothing to inject.
            await connection.execute(
                f"begin{' read only' if readonly else ''}; set local azora.org_id = '{org_id or ''}'"
                + (f"; {PLAN_ANEW}" if plan_anew else "")
            )
            try:
                yield connection
            except BaseException:
                await asyncio.shield(_roll_back(connection))
                raise
            await connection.execute("commit")

    @asynccontextmanager
    async def single_statements(self) -> AsyncIterator[Connection]:
        """A connection whose every statement is a transaction of its own, without a tenant: for the look-ups that
        precede one. Raises `StoreUnavailable` and its kin.
        """
        with translated():
            pool = await self._ready_pool()
            asked_at = time.perf_counter()
            async with asyncio.timeout(self._acquire_timeout_seconds):
                connection = await pool.acquire()
            self._metrics.acquired(asked_at)
            try:
                yield connection
            finally:
                self._metrics.released()
                await pool.release(connection)  # shields itself from cancellation

    async def ping(self) -> None:
        """One round trip. Raises `StoreUnavailable`, also where nothing can be written: on a replica that was not
        promoted.
        """
        async with self.single_statements() as connection:
            if await connection.fetchval("select pg_is_in_recovery()"):
                raise StoreUnavailable("The database is a replica, on which nothing can be written")

    async def listen(self, channel: str, on_message: Callable[[str], None], on_state: Callable[[bool], None]) -> None:
        """Follow NOTIFY on `channel` for ever, over a connection of its own.

        `on_state(True)` is called once messages flow, `on_state(False)` when they may have been missed; the
        caller must drop what it derived from them.
        """
        while True:
            pause_seconds = _LISTEN_AGAIN_SECONDS
            try:
                await self._listen_once(channel, on_message, on_state)
            except (*_UNAVAILABLE, asyncpg.PostgresError):
                pass
            except StoreError as error:  # no login to be had: nobody would begin anew for a listener that ended by it
                log.warning("cannot listen for now", channel=channel, cause=error.detail)
                pause_seconds = _LOG_IN_AGAIN_SECONDS
            finally:
                on_state(False)
            await asyncio.sleep(pause_seconds)

    async def _listen_once(
        self, channel: str, on_message: Callable[[str], None], on_state: Callable[[bool], None]
    ) -> None:
        connection = await self._connect(
            self._url, timeout=self._acquire_timeout_seconds, server_settings=self.server_settings()
        )
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _connection: closed.set())
        try:
            await connection.add_listener(channel, lambda _c, _pid, _channel, payload: on_message(str(payload)))
            on_state(True)
            while not closed.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await closed.wait()
                if not closed.is_set():  # a silent peer shows only when spoken to
                    await connection.fetchval("select 1", timeout=2)
        finally:
            connection.terminate()
