"""What the housekeeper reports to Prometheus for the whole platform: figures that no process has, but the database."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from actors.analytics_aggregator.figures import PLATFORM, Grain
from actors.analytics_aggregator.sketches import Distinct
from stores.event_log import lag
from stores.metrics import business, event_log
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "reporting.sql")

# Present windows reach back so far, made of windows of that size.
_PRESENT = {
    "hour": (Grain.MINUTE, timedelta(hours=1)),
    "day": (Grain.HOUR, timedelta(days=1)),
    "week": (Grain.DAY, timedelta(days=7)),
    "month": (Grain.DAY, timedelta(days=30)),
}


class ReportLag:
    """A duty: how far every consumer of the event log is behind, also one of which no member lives."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    async def __call__(self, database: Database) -> int:
        """Returns how many consumers there are."""
        async with database.transaction(None, readonly=True) as connection:
            shares = await lag.measure(connection)
            letters = {row["consumer"]: row["letters"] async for row in _queries.dead_letters(connection)}
        entries: defaultdict[str, int] = defaultdict(int)
        seconds: defaultdict[str, float] = defaultdict(float)
        for share in shares:
            entries[share.consumer] += share.entries
            seconds[share.consumer] = max(seconds[share.consumer], share.seconds)
        self._known |= letters.keys()  # one that is gone is behind with nothing
        for consumer in self._known:
            event_log.lag(consumer, entries=entries[consumer], seconds=seconds[consumer])
            event_log.dead_letters(consumer, letters.get(consumer, 0))
        return len(letters)


async def report_figures(database: Database) -> int:
    """A duty: what the platform is there for, as far as analytics has it. Returns how many counters there are."""
    async with database.transaction(None, readonly=True) as connection:
        rows = _queries.platform_counters(connection, platform=PLATFORM)
        counters = {row["name"]: row["amount"] async for row in rows}
        for window, (grain, span) in _PRESENT.items():
            cells = _queries.platform_learners(connection, platform=PLATFORM, grain=grain, span=span)
            sketches = [row["learners"] async for row in cells]
            business.active_learners(window, round(Distinct.merged(sketches).estimate))
    business.report(counters)
    return len(counters)
