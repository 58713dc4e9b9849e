"""The constitution in force for each organisation."""

from __future__ import annotations

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
_MOST_REMEMBERED = 1_000


@cache
def shipped() -> Constitution:
    """The one that the platform comes with: that of every organisation which has none of its own."""
    return parse(_SHIPPED.read_bytes())


class Law:
    """Reads constitutions, and remembers each for two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[float, Constitution]] = {}

    async def in_force(self, org_id: UUID) -> Constitution:
        """The organisation's own, or else the platform's. Raises `StoreUnavailable`."""
        known = self._known.get(org_id)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        read_at = time.monotonic()
        async with self._database.transaction(org_id, readonly=True) as connection:
            row = await _queries.in_force(connection, org_id=org_id)
        found = parse(row["document"]) if row is not None and row["document"] is not None else shipped()
        if known is not None and known[1].digest == found.digest:
            found = known[1]  # with what it has worked out
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[org_id] = (read_at, found)
        return found

    def forget(self, org_id: UUID) -> None:
        """Read it anew the next time."""
        self._known.pop(org_id, None)


def governor(database: Database) -> LocalGovernor:
    """A `Governor` that judges in this process by what the database has in force.

    Judging takes less than a call to another process would.
    """
    return LocalGovernor(Law(database).in_force)
