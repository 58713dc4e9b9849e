"""Tasks are charged where calls are reserved, and corrected where these end, once, whoever ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from configs.settings import Settings
from deployments.llm.duties import settle_lost_calls
from deployments.llm.errors import BudgetExhausted
from deployments.llm.metering.ledger import Ledger, Line, Refusal, Reservation, Settlement
from deployments.llm.metering.reservations import worded
from deployments.llm.metering.settling import Settler, write
from stores.ids import new_id
from stores.postgres import Database
from tests.integration.agents.support import ask, look, taught_course
from tests.integration.users.support import system_database
from tests.patience import PATIENCE_SECONDS, patiently
from tests.platform import Account, Organisation, Platform

_MOST = (70_000, 500_000)
_CAME_TO = (30, 90)


@dataclass(frozen=True)
class Stage:
    """A task that nobody works at, and that can pay for one such call, not for two."""

    database: Database
    org: Organisation
    person: Account
    task_id: UUID

    def call(self, task_id: UUID | None = None) -> Reservation:
        began = datetime.now(UTC) - timedelta(hours=1)
        return Reservation(
            id=new_id(), org_id=self.org.id, user_id=self.person.id, key_id=None, course_id=None, feature="agents",
            kind="chat", model="m", provider="p", target="t", input_tokens=60_000, output_tokens=10_000,
            microdollars=500_000, began_at=began, expires_at=began, task_id=task_id or self.task_id,
        )  # fmt: skip

    async def reserve(self, call: Reservation, *, alone: bool = False) -> Refusal | None:
        async with self.database.single_statements() as connection:
            found = await Ledger(connection).reserve(self.org.id, [call], alone=alone)
        assert found is not None
        return found[call.id]

    async def settle(self, call: Reservation, *, reserved: bool, budgets: bool = False, spent: bool = True) -> int:
        return await write(
            self.database, call.org_id, [settlement(call, reserved=reserved, budgets=budgets, spent=spent)]
        )

    async def paid(self) -> tuple[int, int]:
        task = await look(self.person, str(self.task_id))
        return task["tokens"], int(Decimal(task["cost_dollars"]) * 1_000_000)


def settlement(call: Reservation, *, reserved: bool = True, budgets: bool = False, spent: bool = True) -> Settlement:
    line = Line(
        provider="p", target="t", requests=1, failed=0, cached=0, input_tokens=20, output_tokens=10, microdollars=90
    )
    return Settlement(
        call=call, reserved=reserved, lines=(line,) if spent else (), outcome="completed", latency_ms=1, budgets=budgets
    )


@asynccontextmanager
async def staged(settings: Settings) -> AsyncIterator[Stage]:
    async with Platform.running(settings) as platform:
        org = await platform.create_organisation()
        person = await org.person("instructor")
        task = await ask(person, "own_words", {"goal": "Read", "course_id": await taught_course(person)})
        yield Stage(platform.database, org, person, UUID(task["id"]))
        await person.http.post(f"/api/agents/tasks/{task['id']}/cancel")


@pytest.mark.parametrize("alone", [False, True])
async def test_a_task_is_charged_with_what_is_reserved_and_corrected_once(settings: Settings, alone: bool) -> None:
    async with staged(settings) as stage:
        call = stage.call()
        assert await stage.reserve(call, alone=alone) is None
        assert await stage.paid() == _MOST
        refusal = await stage.reserve(stage.call(), alone=alone)  # what is under way counts at its most
        assert refusal is not None
        assert isinstance(worded(refusal), BudgetExhausted)
        assert await stage.reserve(stage.call(new_id()), alone=alone) is not None  # no task, nothing left
        assert [await stage.settle(call, reserved=True, budgets=alone) for _ in range(2)] == [1, 0]
        assert await stage.paid() == _CAME_TO
        # The answer to a reservation may be lost: what was written is released, once, and what was not, not at all.
        lost = stage.call()
        assert await stage.reserve(lost, alone=alone) is None
        for call in (lost, lost, stage.call()):
            await stage.settle(call, reserved=False, budgets=alone, spent=False)
            assert await stage.paid() == _CAME_TO


async def test_a_reservation_from_before_changes_no_task(settings: Settings) -> None:
    async with staged(settings) as stage:
        call = stage.call()
        assert await stage.reserve(call) is None
        async with stage.database.transaction(stage.org.id) as connection:
            await connection.execute("update llm_reservations set task_id = null where id = $1", call.id)
        assert await stage.settle(call, reserved=True) == 1
        assert await stage.paid() == _MOST


async def test_what_a_lost_replica_may_have_spent_is_paid(settings: Settings) -> None:
    async with staged(settings) as stage, system_database(settings) as system:
        call = stage.call()
        assert await stage.reserve(call) is None
        assert await settle_lost_calls(system) >= 1
        assert await stage.settle(call, reserved=True) == 0  # the replica lives, after all: too late
        assert await stage.paid() == _MOST


async def test_a_task_does_not_wait_for_what_others_owe(settings: Settings) -> None:
    async with staged(settings) as stage:
        call, others = stage.call(), replace(stage.call(), id=new_id(), org_id=new_id(), task_id=None)
        assert await stage.reserve(call) is None
        settler = Settler(stage.database)
        for one in (others, call):
            settler.owe(settlement(one))
        async with stage.database.transaction(None) as hindering:
            await hindering.execute("select pg_advisory_xact_lock(llm_lock($1))", others.org_id)
            everything = asyncio.create_task(settler.settled())
            async with asyncio.timeout(PATIENCE_SECONDS):
                await settler.written(call.id)
            assert await stage.paid() == _CAME_TO
            assert not everything.done()
        await everything
        assert await stage.paid() == _CAME_TO


async def test_settling_and_erasing_somebody_do_not_wait_for_each_other(settings: Settings) -> None:
    async with staged(settings) as stage, system_database(settings) as watcher:
        first, second = stage.call(), stage.call()
        assert await stage.reserve(first) is None
        await stage.settle(first, reserved=True)  # there is usage to lock
        assert await stage.reserve(second) is None
        async with stage.database.transaction(stage.org.id) as erasing:  # in its order: tasks, and usage at last
            await erasing.execute("select 1 from agent_tasks where id = $1 for update", stage.task_id)
            settling = asyncio.create_task(stage.settle(second, reserved=True))
            async for _ in patiently():
                async with watcher.transaction(None, readonly=True) as connection:
                    if await connection.fetchval("select exists (select from pg_locks where not granted)"):
                        break
            await erasing.execute("delete from llm_usage where user_id = $1", stage.person.id)
        assert await settling == 1
