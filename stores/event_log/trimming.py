"""Throwing away the beginning of the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from stores.event_log.planning import walk_the_index
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "trimming.sql")
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class TrimLog:
    """Deletes what is older than `retention` and every consumer of its topic has taken."""

    retention: timedelta

    async def __call__(self, database: Database) -> int:
        """Under `azora_system`. Returns how many entries went. Safe to repeat, and to do twice at once."""
        total = 0
        while True:  # in short transactions: a long one holds up the log's readers
            async with database.transaction(None) as connection:
                await walk_the_index(connection)
                count = int(await _queries.trim(connection, age=self.retention, rows=_ROWS_AT_ONCE))
            total += count
            if not count:
                return total
