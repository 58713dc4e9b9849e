"""The constitution in force for each organisation."""

from __future__ import annotations

import asyncio
import time
from functools import cache
from pathlib import Path
from uuid import UUID

from learning.governance.constitution import Constitution, parse
from learning.governance.governor import LocalGovernor
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__)
_SHIPPED = Path(__file__).parents[2] / "configs" / "constitution.json"
# How long a process goes on judging by what another has replaced.
REMEMBERED_SECONDS = 2.0
# From this age on it is read anew beside the work, so that whoever asks seldom waits.
_FRESH_SECONDS = 1.0
_MOST_REMEMBERED = 1_000


@cache
def shipped() -> Constitution:
    """The one that the platform comes with: that of every organisation which has none of its own."""
    return parse(_SHIPPED.read_bytes())


class Law:
    """Reads constitutions, and remembers each for two seconds. For one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[float, Constitution]] = {}
        self._readings: dict[UUID, asyncio.Task[Constitution]] = {}

    async def in_force(self, org_id: UUID) -> Constitution:
        """The organisation's own, or else the platform's. Raises `StoreUnavailable`."""
        known = self._known.get(org_id)
        age = float("inf") if known is None else time.monotonic() - known[0]
        if known is None or age >= REMEMBERED_SECONDS:
            return await asyncio.shield(self._reading(org_id))
        if age >= _FRESH_SECONDS:
            self._reading(org_id)
        return known[1]

    def _reading(self, org_id: UUID) -> asyncio.Task[Constitution]:
        """One for all who ask meanwhile."""
        reading = self._readings.get(org_id)
        if reading is None:
            reading = self._readings[org_id] = asyncio.create_task(self._read(org_id))
            reading.add_done_callback(lambda done: self._ended(org_id, done))
        return reading

    def _ended(self, org_id: UUID, reading: asyncio.Task[Constitution]) -> None:
        if self._readings.get(org_id) is reading:
            del self._readings[org_id]
        if not reading.cancelled():
            reading.exception()  # whoever asked may have left; an error that nobody looks at would be logged

    async def _read(self, org_id: UUID) -> Constitution:
        known = self._known.get(org_id)
        read_at = time.monotonic()
        async with self._database.transaction(org_id, readonly=True) as connection:
            row = await _queries.in_force(connection, org_id=org_id)
        found = parse(row["document"]) if row is not None and row["document"] is not None else shipped()
        if known is not None and known[1].digest == found.digest:
            found = known[1]  # with what it has worked out
        if self._readings.get(org_id) is asyncio.current_task():  # not forgotten meanwhile
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[org_id] = (read_at, found)
        return found

    def forget(self, org_id: UUID) -> None:
        """Read it anew the next time."""
        self._known.pop(org_id, None)
        self._readings.pop(org_id, None)


def governor(database: Database) -> LocalGovernor:
    """A `Governor` that judges in this process by what the database has in force.

    Judging takes less than a call to another process would.
    """
    return LocalGovernor(Law(database).in_force)
