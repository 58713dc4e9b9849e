"""`Idempotency-Key` for work that is slow before it has its effect, as where a language model is waited for.

In the transaction of the effect the key would keep that open all the while. So it is *reserved* in a short transaction
of its own, and *settled*, with the answer, in that of the effect. Meanwhile the reservation is renewed, and a
repetition is told to come back. Whoever dies in between leaves a reservation that runs out within seconds; who comes
too late to settle theirs has no effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from fastapi import Request, Response

from deployments.kit.errors import Conflict, PersonNotFound
from deployments.kit.idempotency import fingerprint_of, kept_headers, read_key, replayed
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.errors import StoreError
from stores.ids import new_id
from stores.postgres import Database
from stores.queries import load_queries

LEASE = timedelta(seconds=15)
_queries = load_queries(__file__, "idempotency.sql")


class StillAtWork(Conflict):
    """The first request under this key is being worked on."""

    type = "idempotency-key-in-use"
    title = "The first request with this Idempotency-Key is still being worked on"
    retriable = True

    @property
    def headers(self) -> dict[str, str]:
        """When to come back."""
        return {"retry-after": "1"}


class CameTooLate(Conflict):
    """The work took longer than its reservation, and somebody else has taken it over, or the asker was erased."""

    type = "idempotency-key-lost"
    title = "This took so long that its Idempotency-Key is no longer reserved for it"
    retriable = True


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """A key, held for one attempt at the work."""

    database: Database
    org_id: UUID
    person: UUID
    key: str
    fingerprint: bytes
    token: UUID
    lease: timedelta

    async def take(self) -> Response | None:
        """None for whoever is to do the work now; otherwise the answer of before.

        Raises `StillAtWork`, `KeyReused`, and `PersonNotFound` where whoever asks was erased a moment ago.
        """
        async with self.database.transaction(self.org_id) as connection:
            taken = await _queries.reserve(
                connection, **self._names, fingerprint=self.fingerprint, reservation=self.token, lease=self.lease,
                person=self.person,
            )  # fmt: skip
            if taken is None:
                row = await _queries.find(connection, **self._names)
                if row is not None and row["fingerprint"] == self.fingerprint and row["status"] is None:
                    raise StillAtWork()
                return replayed(row, self.fingerprint)
            if not taken:
                raise PersonNotFound()
        return None

    async def keep(self) -> None:
        """Renew it until cancelled. One that was not renewed in time may be taken over, which settling finds out."""
        while True:
            await asyncio.sleep(self.lease.total_seconds() / 3)
            with suppress(StoreError):
                async with self.database.transaction(self.org_id) as connection:
                    await _queries.renew(connection, **self._names, reservation=self.token, lease=self.lease)

    async def settle(self, work: Work, response: Response) -> None:
        """Keep the answer, in the transaction of the effect. Raises `CameTooLate`, which must undo the effect."""
        settled = await _queries.settle(
            await work.connection(), **self._names, reservation=self.token, status=response.status_code,
            headers=kept_headers(response), body=bytes(response.body),
        )  # fmt: skip
        if not settled:
            raise CameTooLate()

    async def release(self) -> None:
        """Let the next attempt begin at once. Does nothing once it is settled; what cannot be reached runs out."""
        with suppress(StoreError):
            async with self.database.transaction(self.org_id) as connection:
                await _queries.release(connection, **self._names, reservation=self.token)

    @property
    def _names(self) -> dict[str, UUID | str]:
        return {"org_id": self.org_id, "actor": str(self.person), "key": self.key}


async def once(
    database: Database,
    begin: Callable[[], Work],
    principal: Principal,
    request: Request,
    handler: Callable[[Request], Awaitable[Response]],
    *,
    lease: timedelta = LEASE,
) -> Response:
    """Run the handler under the request's key, in the work that `begin` makes, or answer what it answered before.

    The handler's answer is kept whatever its headers. Raises what `Reservation.take` and `settle` raise, and `Invalid`.
    """
    reservation = Reservation(
        database=database, org_id=principal.org_id, person=principal.user_id, key=read_key(request),
        fingerprint=await fingerprint_of(request), token=new_id(), lease=lease,
    )  # fmt: skip
    if (before := await reservation.take()) is not None:
        return before
    keeping = asyncio.create_task(reservation.keep())
    try:
        async with begin() as work:
            response = await handler(request)
            await reservation.settle(work, response)
    except BaseException:  # a client that leaves, too
        await reservation.release()
        raise
    finally:
        keeping.cancel()
    return response
