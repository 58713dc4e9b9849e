"""Reserving: one round trip for all calls of an organisation that wait at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from deployments.kit.logs import get_logger
from deployments.llm.errors import BudgetError, BudgetExhausted, MeterUnavailable, RateExceeded
from deployments.llm.metering.ledger import TASK, Ledger, Refusal, Reservation
from stores.errors import StoreError
from stores.postgres import Database

log = get_logger("llm")
_BATCH = 200
_PAUSE_SECONDS = 0.05
_LINGER_SECONDS = 0.003
Waiting = list[tuple[Reservation, "asyncio.Future[Refusal | None]"]]


class Reservations:
    """For one process and one event loop. `settled` waits until what this process owes the ledger is written."""

    def __init__(self, database: Database, settled: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._settled = settled
        self._waiting: dict[tuple[UUID, bool], Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def make_room(self) -> None:
        """Calls in progress hold more than most of them come to: let some end."""
        await self._settled()
        await asyncio.sleep(_PAUSE_SECONDS)

    def submit(self, call: Reservation, *, alone: bool) -> asyncio.Future[Refusal | None]:
        """Begin to reserve. The future raises `MeterUnavailable` where that fails."""
        future: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        key = (call.org_id, alone)
        if (waiting := self._waiting.get(key)) is not None:
            waiting.append((call, future))
            return future
        self._waiting[key] = [(call, future)]
        task = asyncio.create_task(self._write(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return future

    async def _write(self, key: tuple[UUID, bool]) -> None:
        _, alone = key
        if not alone:  # nobody waits for it before a model has begun to answer
            await asyncio.sleep(_LINGER_SECONDS)
        while waiting := self._waiting[key]:
            batch, self._waiting[key] = waiting[:_BATCH], waiting[_BATCH:]
            await self._write_batch(*key, batch)
        del self._waiting[key]

    async def _write_batch(self, org_id: UUID, alone: bool, batch: Waiting) -> None:
        calls = [call for call, _ in batch]
        try:
            async with self._database.single_statements() as connection:
                ledger = Ledger(connection)
                found = await ledger.reserve(org_id, calls, alone=alone)
                if found is None:  # the first budget was made a moment ago
                    found = await ledger.reserve(org_id, calls, alone=True)
        except (StoreError, asyncio.CancelledError) as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(MeterUnavailable())
                    future.exception()  # whoever left does not ask for it
            if isinstance(error, asyncio.CancelledError):
                raise
            log.warning("nothing can be reserved", cause=error.detail)
            return
        for call, future in batch:
            if not future.done():
                future.set_result((found or {}).get(call.id))


def worded(refusal: Refusal) -> BudgetError:
    """What the caller is told."""
    left = max(refusal.maximum - refusal.spent - refusal.reserved, 0)
    if refusal.period == TASK:
        return BudgetExhausted(f"The call may come to {refusal.wanted} {refusal.unit}; its task has {left} left")
    detail = (
        f"The call may come to {refusal.wanted} {refusal.unit}; of the budget of {refusal.maximum} "
        f"({refusal.period}) there are {left} left"
    )
    passing = refusal.period in ("minute", "hour") and refusal.wanted <= refusal.maximum
    kind = RateExceeded if passing else BudgetExhausted
    return kind(detail, budget_id=refusal.budget_id, renewed_at=refusal.renewed_at)
