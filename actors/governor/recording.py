"""Writing decisions down: in the audit log, and plans so that another constitution can be tried on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from learning.governance.decisions import Decision
from learning.governance.shapes import shape_of
from learning.governance.views import PlanView
from stores import audit
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__)
PLANS_KEPT = timedelta(days=90)


async def record_plan(connection: Connection, plan: PlanView, decision: Decision, *, source: str = "agents") -> None:
    """Write a plan's decision to the audit log, and the plan's shape to those that constitutions are tried on.

    In the caller's transaction, under either role.
    """
    await _record(connection, plan, decision, "plan.judged", source, {"kind": plan.kind})
    await _queries.remember_plan(
        connection,
        org_id=plan.org_id,
        task_id=plan.task_id,
        shape=shape_of(plan),
        verdict=decision.verdict.value,
    )


async def record_call(
    connection: Connection, plan: PlanView, step: str, decision: Decision, *, source: str = "agents"
) -> None:
    """Write the decision about a step to the audit log, in the caller's transaction."""
    await _record(connection, plan, decision, "call.judged", source, {"kind": plan.kind, "step": step})


async def _record(
    connection: Connection, plan: PlanView, decision: Decision, action: str, source: str, details: dict[str, Any]
) -> None:
    entry = audit.Entry(
        org_id=plan.org_id,
        action=action,
        source=source,
        actor=plan.asker_id,
        role=plan.asker_role,
        subject=plan.task_id,
        outcome="refused" if decision.verdict == "refuse" else "done",
        details={**details, "decision": decision.record()},
    )
    await audit.append(connection, [entry])


def text_entry(org_id: UUID, actor: UUID | None, source: str, details: dict[str, Any], *, refused: bool) -> audit.Entry:
    """What the governor found in a text, for the audit log."""
    return audit.Entry(
        org_id=org_id,
        action="text.judged",
        source=source,
        actor=actor,
        outcome="refused" if refused else "done",
        details=details,
    )


async def forget_plans(database: Database) -> int:
    """A duty: delete plans that are too old to be tried on. Returns how many."""
    async with database.transaction(None) as connection:
        return int((await _queries.forget_plans(connection, age=PLANS_KEPT)).rpartition(" ")[2])
