"""What the housekeeper reports out of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from actors.analytics_aggregator.sketches import Distinct
from actors.housekeeper.reporting import ReportLag, report_figures
from configs.settings import Settings
from stores.ids import new_id
from stores.metrics.registry import REGISTRY
from stores.postgres import NIL_ORG, Database
from tests.platform import Platform

CONSUMER = "probe"
PARTITION = 900  # where no other test writes
INSERT_CELL = """
    insert into analytics_cells
        (generation, org_id, scope, scope_id, grain, start, partition, version, counters, learners)
    select current, $1, 0, $1, $2, $3::text::timestamptz, $4, 1, $5, $6 from analytics_generation
"""


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database.from_settings(settings, role="azora_system")
    yield database
    async with database.transaction(None) as connection:
        await connection.execute("delete from event_consumers where name = $1", CONSUMER)
        await connection.execute("delete from analytics_cells where partition >= $1", PARTITION)
    await database.close()


async def add_cell(database: Database, grain: int, start: str, counters: dict[str, int], members: range) -> None:
    learners = Distinct()
    learners.update(members)
    async with database.transaction(None) as connection:
        await connection.execute(
            INSERT_CELL, NIL_ORG, grain, start, PARTITION + grain, counters, learners.to_bytes()
        )  # fmt: skip


async def test_the_platform_s_figures(database: Database) -> None:
    await report_figures(database)
    names = ("azora_enrollments_total", "azora_completions_total", "azora_revenue_total")
    before = {name: value(name) for name in names}
    await add_cell(database, 0, "epoch", {"enrollments": 7, "completions": 2, "revenue_cents": 4950}, range(500))
    await report_figures(database)
    assert [value(name) - before[name] for name in names] == [7, 2, 49.5]


async def test_active_learners_are_merged_over_the_windows_that_count(database: Database) -> None:
    await report_figures(database)
    before = {window: value("azora_active_learners", window=window) for window in ("hour", "day", "week", "month")}
    await add_cell(database, 3, "now", {}, range(100))
    await add_cell(database, 2, "now", {}, range(200))
    await add_cell(database, 1, "now", {}, range(300))
    async with database.transaction(None) as connection:
        await connection.execute(
            "update analytics_cells set start = now() - interval '8 days' where partition = $1", PARTITION + 1
        )
    await add_cell(database, 1, "now", {}, range(250, 350))
    await report_figures(database)
    grown = {window: value("azora_active_learners", window=window) - count for window, count in before.items()}
    assert grown == {"hour": 100, "day": 200, "week": 100, "month": 350}


async def test_lag_and_dead_letters_also_of_a_consumer_without_members(database: Database, platform: Platform) -> None:
    organisation = await platform.create_organisation()
    async with database.transaction(None) as connection:
        await connection.execute(
            "insert into event_consumers (name, topics) values ($1, array['probe_events'])", CONSUMER
        )
        await connection.execute("insert into event_claims (consumer, partition) values ($1, 0)", CONSUMER)
        await connection.execute(
            "insert into event_dead_letters (id, consumer, topic, partition, body, reason)"
            " values ($1, $2, 'probe_events', 0, '', 'malformed-envelope')",
            new_id(), CONSUMER,
        )  # fmt: skip
        await connection.execute(
            "insert into outbox (id, topic, org_id, key, partition, event, created_at)"
            " values ($1, 'probe_events', $2, 'k', 0, '{}', now() - interval '90 seconds')",
            new_id(), organisation.id,
        )  # fmt: skip
    report = ReportLag()
    try:
        await report(database)
        assert value("azora_event_lag_entries", consumer=CONSUMER) == 1
        assert 90 <= value("azora_event_lag_seconds", consumer=CONSUMER) < 120
        assert value("azora_event_dead_letters", consumer=CONSUMER) == 1
    finally:
        async with database.transaction(None) as connection:
            await connection.execute("delete from outbox where topic = 'probe_events'")
            await connection.execute("delete from event_consumers where name = $1", CONSUMER)
    await report(database)
    assert value("azora_event_lag_seconds", consumer=CONSUMER) == 0
    assert value("azora_event_dead_letters", consumer=CONSUMER) == 0
