"""Database logins that come from a vault and go back there: renewed in time, exchanged before their end.

One per process and pool. A login lasts for its lease, and no longer than the token that asked for it. Renewing prolongs
both up to the maxima that the vault allows, and past those another login is taken and the pool told to open new
connections, while running transactions end under the old one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from configs.errors import AzoraError
from stores.vault import Lease, Vault, VaultRefused, VaultUnavailable

_RENEW_AT = 0.6  # of what is left
_RETRY_SECONDS = 5.0
_SHORTEST_SECONDS = 1.0
# A lease that renewing gives less than this share of its first length nears the vault's maximum.
_NEAR_THE_END = 0.5

_log = structlog.get_logger(__name__)


@dataclass
class DatabaseLogin:
    """The present login of a pool. `role` is `mount/creds/name`; `exchanged` is awaited when another has come."""

    vault: Vault
    role: str
    exchanged: Callable[[], Awaitable[None]] | None = None
    _lease: Lease | None = field(default=None, repr=False)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def current(self) -> Lease:
        """The login to connect with. Raises `VaultUnavailable`, `VaultRefused`."""
        async with self._asking:
            if self._lease is None:
                self._lease = await self.vault.database_login(self.role)
            return self._lease

    async def after(self, refused: Lease) -> Lease:
        """Another login, where the database knows this one no more: the vault took it back before its time."""
        async with self._asking:
            if self._lease is refused:
                self._lease = await self.vault.database_login(self.role)
            elif self._lease is None:
                raise VaultUnavailable("The database login has been given back")
            return self._lease

    async def keep(self) -> None:
        """Renew and exchange until cancelled; a vault that is away is asked again, as long as the lease lasts."""
        pause_seconds = self._pause_seconds((await self._patiently()).lifetime)
        while True:
            await asyncio.sleep(pause_seconds)
            try:
                pause_seconds = self._pause_seconds(await self._prolonged())
            except AzoraError as error:
                _log.warning("database login not renewed", reason=error.detail)
                pause_seconds = _RETRY_SECONDS

    def _pause_seconds(self, left: timedelta) -> float:
        usable = min(left, self.vault.signed_in_for).total_seconds()
        return max(_SHORTEST_SECONDS, usable * _RENEW_AT * random.uniform(0.9, 1.0))

    async def give_back(self) -> None:
        """End the login now, where the vault can be reached."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with suppress(AzoraError):
                await self.vault.revoke(lease)

    async def _patiently(self) -> Lease:
        while True:
            try:
                return await self.current()
            except AzoraError as error:
                _log.warning("no database login from the vault", reason=error.detail)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _prolonged(self) -> timedelta:
        assert self._lease is not None
        renewed = await self._renewed(self._lease)
        return renewed if renewed >= self._lease.lifetime * _NEAR_THE_END else await self._exchange()

    async def _renewed(self, lease: Lease) -> timedelta:
        """How long the lease lasts now; nothing, where it cannot be renewed or is over already."""
        if not lease.renewable:
            return timedelta(0)
        try:
            return await self.vault.renew(lease)
        except VaultRefused:
            return timedelta(0)

    async def _exchange(self) -> timedelta:
        """Take another login. The old one is not revoked: transactions may still run under it until its end."""
        fresh = await self.vault.database_login(self.role)
        async with self._asking:
            self._lease = fresh
        if self.exchanged is not None:
            await self.exchanged()
        _log.info("another database login", lifetime_seconds=fresh.lifetime.total_seconds())
        return fresh.lifetime
