"""Doing duties over and over; no Ray."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from actors.housekeeper.duties import Closable, Duty
from configs.errors import AzoraError
from stores.metrics.duties import counted_run
from stores.postgres import Database

log = structlog.get_logger("azora.housekeeper")
# A duty that takes longer hangs; it is cut off and begun anew.
_LONGEST_SECONDS = 900.0


@dataclass(slots=True)
class Record:
    """How a duty fares. `done` adds up what its runs counted."""

    runs: int = 0
    failures: int = 0
    done: int = 0
    last_run_at: datetime | None = None
    last_error: str | None = None


class Housekeeper:
    """Runs each duty at its own pace: one that is slow or fails holds up no other."""

    def __init__(self, database: Database, duties: Sequence[Duty]) -> None:
        self._database = database
        self._duties = duties
        self._records = {duty.name: Record() for duty in duties}

    def report(self) -> dict[str, Record]:
        """How each duty fares, by name."""
        return dict(self._records)

    async def run(self) -> None:
        """Keep house for ever."""
        try:
            await asyncio.gather(*(self._repeat(duty) for duty in self._duties))
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of what duties hold, and of the database."""
        for duty in self._duties:
            if isinstance(duty.run, Closable):
                await duty.run.aclose()
        await self._database.close()

    async def _repeat(self, duty: Duty) -> None:
        while True:
            await self.perform(duty)
            await asyncio.sleep(duty.every.total_seconds())

    async def perform(self, duty: Duty) -> None:
        """Do a duty once. Never raises: what fails is recorded, logged and tried again when it is due next."""
        record = self._records[duty.name]
        record.runs += 1
        record.last_run_at = datetime.now(UTC)
        try:
            with counted_run(duty.name, duty.every):
                async with asyncio.timeout(_LONGEST_SECONDS):
                    record.done += await duty.run(self._database)
        except (AzoraError, TimeoutError) as error:
            record.failures += 1
            record.last_error = repr(error)
            log.warning("duty failed", duty=duty.name, cause=repr(error))
        except Exception as error:
            record.failures += 1
            record.last_error = repr(error)
            # The traceback as text: a renderer of its own would print local variables, and those hold mails.
            log.error("duty broke", duty=duty.name, cause=repr(error), traceback=traceback.format_exc())
        else:
            record.last_error = None
