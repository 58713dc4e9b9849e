"""What the courses service has housekeeping do."""

from __future__ import annotations

from datetime import timedelta

from actors.housekeeper.duties import Duty
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__, "duties.sql")


async def count_enrollments(database: Database) -> int:
    """Count who enrolled in each course, for the catalogue's order by popularity. Returns how many figures moved.

    Counted from time to time and not at each enrolment: those who enrol in one course would wait for one another.
    """
    async with database.transaction(None) as connection:
        moved: int = await _queries.count_enrollments(connection)
        return moved


def duties() -> list[Duty]:
    """All of them."""
    return [Duty(name="count_enrollments", every=timedelta(minutes=1), run=count_enrollments)]
