"""Writing decisions down: in the audit log, and plans so that another constitution can be tried on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from learning.governance.decisions import Decision
from learning.governance.shapes import shape_of
from learning.governance.views import PlanView
from stores import audit
from stores.postgres import Database
from stores.queries import load_queries

_queries = load_queries(__file__)
PLANS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is written of a decision, in the statement of what it leads to: an entry of the audit log, and of a plan the
    shape that constitutions are tried on, with the verdict."""

    entry: audit.Entry
    shape: dict[str, Any] | None = None
    verdict: str | None = None


def plan_record(plan: PlanView, decision: Decision, *, source: str = "agents") -> Record:
    """Of the decision about a whole plan."""
    entry = _entry(plan, decision, "plan.judged", source, {"kind": plan.kind})
    return Record(entry=entry, shape=shape_of(plan), verdict=decision.verdict.value)


def call_record(plan: PlanView, step: str, decision: Decision, *, source: str = "agents") -> Record:
    """Of the decision about a step."""
    return Record(entry=_entry(plan, decision, "call.judged", source, {"kind": plan.kind, "step": step}))


def _entry(plan: PlanView, decision: Decision, action: str, source: str, details: dict[str, Any]) -> audit.Entry:
    return audit.Entry(
        org_id=plan.org_id,
        action=action,
        source=source,
        actor=plan.asker_id,
        role=plan.asker_role,
        subject=plan.task_id,
        outcome="refused" if decision.verdict == "refuse" else "done",
        details={**details, "decision": decision.record()},
    )


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
