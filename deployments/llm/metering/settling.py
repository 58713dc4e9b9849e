"""Settling: after the answer has left, in batches, and until it is written.

A process that dies before leaves reservations behind, which housekeeping settles at the most they could come to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from uuid import UUID

from deployments.kit.logs import get_logger
from deployments.llm.metering.events import metered
from deployments.llm.metering.ledger import Ledger, Settlement
from stores.errors import StoreConflict, StoreError
from stores.events import Event
from stores.metrics import event_log
from stores.postgres import Database

log = get_logger("llm")
_LINGER_SECONDS = 0.05
_BATCH = 500
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_FAREWELL_SECONDS = 5.0
# Beyond this the oldest are left to housekeeping: reserved as they are, they are not lost.
_KEPT = 100_000


class Settler:
    """For one process and one event loop. `run` works as long as the process lives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owed: dict[UUID, Settlement] = {}
        self._woken = asyncio.Event()
        self._writing = asyncio.Lock()
        self._passes: set[asyncio.Task[None]] = set()

    def owe(self, settlement: Settlement) -> None:
        """Take a call to settle. Never waits."""
        if len(self._owed) >= _KEPT:
            for oldest in list(islice(self._owed, _KEPT // 10)):
                del self._owed[oldest]
            log.error("settlements left to housekeeping", count=_KEPT // 10)
        self._owed[settlement.call.id] = settlement
        self._woken.set()

    async def written(self, call_id: UUID) -> None:
        """Have this call written now if it is still owed, whatever else is being written meanwhile. What cannot be
        written stays owed.
        """
        settlement = self._owed.get(call_id)
        if settlement is None or not settlement.reserved:  # what was reserved counts once, however often it is written
            return
        with suppress(StoreError):
            await write(self._database, _org(settlement), [settlement])
            self._owed.pop(call_id, None)

    async def settled(self) -> None:
        """Write everything that is owed now. What cannot be written stays owed; what was begun is finished, whoever
        leaves meanwhile: a statement that is cut short may have been carried out all the same.
        """
        passing = asyncio.create_task(self._pass())
        self._passes.add(passing)
        passing.add_done_callback(self._passes.discard)
        await asyncio.shield(passing)

    async def _pass(self) -> None:
        with suppress(StoreError):
            await self._write_all()

    async def run(self) -> None:
        """Write what is owed, soon after it comes, for ever."""
        pause = _PAUSE_SECONDS
        try:
            while True:
                await self._woken.wait()
                await asyncio.sleep(_LINGER_SECONDS)
                try:
                    await self._write_all()
                    pause = _PAUSE_SECONDS
                except StoreError as error:
                    log.warning("calls wait to be settled", count=len(self._owed), cause=error.detail)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        finally:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await self._write_all()

    async def _write_all(self) -> None:
        async with self._writing:
            left = len(self._owed)  # not what comes meanwhile: whoever waits for this must not wait for ever
            while left > 0 and self._owed:
                batch = sorted(islice(self._owed.values(), min(left, _BATCH)), key=_org)
                left -= len(batch)
                for org_id, group in groupby(batch, _org):
                    settlements = list(group)
                    await write(self._database, org_id, settlements)
                    for settlement in settlements:
                        self._owed.pop(settlement.call.id, None)
            if not self._owed:
                self._woken.clear()


def _org(settlement: Settlement) -> UUID:
    return settlement.call.org_id


async def write(database: Database, org_id: UUID, settlements: Sequence[Settlement]) -> int:
    """Settle calls of one organisation, and say so in the log of events. Gives how many counted.

    Raises `StoreError`.
    """
    told = {each.call.id: metered(each) for each in settlements if each.lines}
    alone = any(each.budgets for each in settlements)
    try:
        counted = await _write(database, org_id, settlements, told, alone=alone)
    except StoreConflict:  # it has budgets by now
        counted = await _write(database, org_id, settlements, told, alone=True)
    event_log.published(event.topic for id_, event in told.items() if id_ in counted)
    return len(counted)


async def _write(
    database: Database, org_id: UUID, settlements: Sequence[Settlement], told: Mapping[UUID, Event], *, alone: bool
) -> set[UUID]:
    async with database.single_statements() as connection:
        return await Ledger(connection).settle(org_id, settlements, told, alone=alone)
