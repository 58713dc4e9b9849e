"""What analytics has housekeeping do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from actors.analytics_aggregator import rebuild
from actors.analytics_aggregator.figures import Grain
from actors.housekeeper.duties import Duty
from configs.settings import Settings
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "duties.sql")
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class TrimWindows:
    """Deletes minute and hour windows that are older than they are kept.

    First it is said from when on there are any, so that no late event brings a part of one back.
    """

    minutes_kept: timedelta
    hours_kept: timedelta

    async def __call__(self, database: Database) -> int:
        """Under `azora_system`. Returns how many rows went."""
        async with database.transaction(None) as connection:
            row = await _queries.move_horizon(connection, minutes_kept=self.minutes_kept, hours_kept=self.hours_kept)
        minutes = await self._delete(database, Grain.MINUTE, row["minutes_from"])
        return minutes + await self._delete(database, Grain.HOUR, row["hours_from"])

    @staticmethod
    async def _delete(database: Database, grain: Grain, before: datetime) -> int:
        total = 0
        while True:  # in short transactions: a long one holds up the log's readers
            async with database.transaction(None) as connection:
                count: int = await _queries.delete_windows(connection, grain=grain, before=before, limit=_ROWS_AT_ONCE)
            total += count
            if count < _ROWS_AT_ONCE:
                return total


def duties(settings: Settings) -> list[Duty]:
    """Trims what is kept for a while only, and clears up after rebuilds that were broken off."""
    trim = TrimWindows(settings.analytics_minutes_kept, settings.analytics_hours_kept)
    return [
        Duty(name="trim_analytics_windows", every=timedelta(minutes=10), run=trim),
        Duty(name="clear_up_after_rebuilds", every=timedelta(hours=1), run=rebuild.clear_up),
    ]
