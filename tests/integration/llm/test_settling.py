"""Calls settled all together come to what they come to one by one."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from configs.settings import Settings
from deployments.llm.metering.ledger import Ledger, Line, Reservation, Settlement
from stores.ids import new_id
from stores.postgres import Database
from tests.platform import Platform

_BEGAN = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
_USAGE = """
select day, user_id, key_id, feature, model, provider, target, requests, failed, cached, input_tokens, output_tokens,
       microdollars
  from llm_usage where org_id = $1 order by day, user_id nulls first, feature, model, provider, target
"""


def _call(org_id: UUID, people: list[UUID | None], draw: random.Random) -> Reservation:
    began = _BEGAN + timedelta(seconds=draw.randrange(3))
    return Reservation(
        id=new_id(), org_id=org_id, user_id=draw.choice(people), key_id=None, course_id=None,
        feature=draw.choice(["api", "tutor"]), kind="chat", model=draw.choice(["m", "n"]), provider="p", target="t",
        input_tokens=10, output_tokens=10, microdollars=30, began_at=began, expires_at=began + timedelta(minutes=5),
    )  # fmt: skip


def _line(target: str, draw: random.Random) -> Line:
    return Line(
        provider="p", target=target, requests=draw.randrange(2), failed=0, cached=draw.randrange(2),
        input_tokens=draw.randrange(9), output_tokens=draw.randrange(9), microdollars=draw.randrange(9),
    )  # fmt: skip


def _settlement(call: Reservation, draw: random.Random) -> Settlement:
    lines = tuple(_line(target, draw) for target in draw.sample(["t", "u"], draw.randrange(3)))
    return Settlement(call=call, reserved=draw.random() < 0.8, lines=lines, outcome="completed", latency_ms=1)


async def _settled(
    database: Database, org_id: UUID, people: list[UUID | None], *, alone: bool
) -> tuple[list[bool], list[tuple[object, ...]]]:
    """Which of some calls counted, one by one or all together, and the usage then; the same for the same seed."""
    draw = random.Random(7)
    calls = [_call(org_id, people, draw) for _ in range(60)]
    settlements = [_settlement(call, draw) for call in calls]
    async with database.single_statements() as connection:
        ledger = Ledger(connection)
        await ledger.reserve(org_id, calls[:40], alone=False)  # the others were lost, or never reserved
        batches = [settlements, settlements[:5]]  # and some are settled a second time
        counted = [await ledger.settle(org_id, batch, {}, alone=alone) for batch in batches]
    async with database.transaction(org_id, readonly=True) as connection:
        rows = [tuple(row) for row in await connection.fetch(_USAGE, org_id)]
        left = await connection.fetchval("select count(*) from llm_reservations where org_id = $1", org_id)
    assert left == 0
    return [each.call.id in ids for batch, ids in zip(batches, counted, strict=True) for each in batch], rows


async def test_together_and_one_by_one_come_to_the_same(settings: Settings) -> None:
    async with Platform.running(settings) as platform:
        database, found = platform.database, []
        for alone in (True, False):
            org = await platform.create_organisation()
            people = [None, (await org.person()).id, (await org.person()).id]
            found.append(await _settled(database, org.id, people, alone=alone))
    (one_by_one, usage), (together, other_usage) = found
    assert one_by_one == together
    assert 20 < sum(together) < len(together)
    assert [(*row[:1], row[1] is None, *row[2:]) for row in usage] == [
        (*row[:1], row[1] is None, *row[2:]) for row in other_usage
    ]
