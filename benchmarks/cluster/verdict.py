"""Whether everything acknowledged is there once, and analytics counts the same as the rows."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.cluster.load import Ledger
from benchmarks.cluster.world import World
from cluster.several.local_cluster import LocalCluster
from stores.postgres import Database

_CATCH_UP_SECONDS = 90.0

_ROWS = """
select e.id::text as id, p.unit_id::text as unit
from enrollments e
join organisations o on o.id = e.org_id
left join unit_progress p on p.org_id = e.org_id and p.enrollment_id = e.id and p.completed_at is not null
where o.slug = $1
"""
_DISTINCT = """
select count(distinct (user_id, course_id)) from enrollments
where org_id = (select id from organisations where slug = $1)
"""


@dataclass(frozen=True)
class Verdict:
    """What the database has of what was acknowledged, and what analytics says of what the database has."""

    missing: list[str]
    twice: int
    enrolments: tuple[int, int]  # rows, analytics
    completed_units: tuple[int, int]
    caught_up_seconds: float

    @property
    def good(self) -> bool:
        equal = self.enrolments[0] == self.enrolments[1] and self.completed_units[0] == self.completed_units[1]
        return not self.missing and not self.twice and equal


async def judge(cluster: LocalCluster, world: World, ledger: Ledger) -> Verdict:
    """Compare ledger, rows and figures, once the figures have had time to catch up."""
    enrolments, units, twice = await _rows(cluster, world)
    missing = [f"enrolment {key}" for key in ledger.enrolled.values() if key not in enrolments]
    missing += [f"completion {pair}" for pair in ledger.completed if pair not in units]
    began = time.monotonic()
    while True:
        figures = await _figures(world)
        counted = figures["enrollments"], figures["units_completed"]
        waited = time.monotonic() - began
        if counted == (len(enrolments), len(units)) or waited > _CATCH_UP_SECONDS:
            break
        await asyncio.sleep(1)
    return Verdict(
        missing=missing,
        twice=twice,
        enrolments=(len(enrolments), counted[0]),
        completed_units=(len(units), counted[1]),
        caught_up_seconds=waited,
    )


async def _rows(cluster: LocalCluster, world: World) -> tuple[set[str], set[tuple[str, str]], int]:
    """Enrolments, completed units, and enrolments of one learner in one course beyond the first."""
    database = Database.from_settings(cluster.settings, role="azora_system")
    try:
        async with database.transaction(None) as connection:
            rows = await connection.fetch(_ROWS, world.organisation)
            distinct = await connection.fetchval(_DISTINCT, world.organisation)
    finally:
        await database.close()
    enrolments = {row["id"] for row in rows}
    return enrolments, {(row["id"], str(row["unit"])) for row in rows if row["unit"]}, len(enrolments) - distinct


async def _figures(world: World) -> dict[str, Any]:
    answer = await world.http.get(
        "/api/analytics/organisation", headers={"authorization": f"Bearer {world.administrator}"}
    )
    answer.raise_for_status()
    figures: dict[str, Any] = answer.json()["totals"]["figures"]
    return figures
