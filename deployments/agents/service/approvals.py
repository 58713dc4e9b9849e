"""People's answers to what tasks ask.

An answer is a row that says who gave it and about which plan. Whether somebody may give it is decided here, from the
verified token and from what stands in the database; nothing that a client sends stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import JsonValue, ValidationError

from actors.agent.checking import checked
from actors.agent.errors import TaskStopped
from actors.agent.kinds import KINDS
from actors.agent.kinds.base import Asker
from actors.agent.origins import Editable, marks
from actors.agent.plan import Plan
from actors.agent.tools import TOOLS
from deployments.agents.errors import ApprovalDecided, ApprovalNotFound, NotYoursToApprove, PlanChanged
from deployments.agents.repository.approvals import ApprovalRepository, Row
from deployments.agents.repository.tasks import TaskRepository
from deployments.agents.service.common import call_agents, in_person
from deployments.kit.errors import Invalid
from deployments.kit.permissions import ROLES
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from learning.governance.vocabulary import ApprovalKind, Origin
from stores.postgres import Connection, Database

Changes = Mapping[str, Mapping[str, JsonValue]]

_JUDGING = {ApprovalKind.AUTOMATED_GRADING, ApprovalKind.STUDENT_ASSESSMENT}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what the approver has to see: the plan and what the steps so far have given."""

    approval: Row
    steps: list[Row]


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """The rules."""

    database: Database

    async def queue(
        self, work: Work, principal: Principal, *, status: str | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Row]:
        """What this person is asked, the oldest first."""
        return await ApprovalRepository(await work.connection()).queue(
            user_id=principal.user_id, role=principal.role, status=status, after=after, limit=limit
        )

    async def one(self, work: Work, principal: Principal, approval_id: UUID) -> Asked:
        """Raises `ApprovalNotFound`, and `NotYoursToApprove` where somebody else is asked."""
        connection = await work.connection()
        row = await _found(connection, approval_id)
        if not _asked(principal, row):
            raise NotYoursToApprove()
        return Asked(row, await TaskRepository(connection).steps(row["task_id"]))

    async def approve(self, work: Work, principal: Principal, approval_id: UUID, plan_hash: bytes) -> Row:
        """Let the task go on. Raises what `_decide` raises."""
        return await self._decide(work, principal, approval_id, plan_hash, "approved", None)

    async def refuse(self, work: Work, principal: Principal, approval_id: UUID, plan_hash: bytes, reason: str) -> Row:
        """Have the task end. Raises what `_decide` raises."""
        return await self._decide(work, principal, approval_id, plan_hash, "refused", reason)

    async def edit(
        self, work: Work, principal: Principal, approval_id: UUID, plan_hash: bytes, changes: Changes
    ) -> Row:
        """Change what may be changed. The plan has another hash then, so the task asks anew.

        Raises what `_decide` raises, and `Invalid` for a change that the plan does not admit.
        """
        repository, approval, task = await self._to_answer(work, principal, approval_id)
        plan = _edited(work.org_id, task, approval, changes)
        decided = await self._answer(repository, principal, approval, plan_hash, "edited", None)
        new_hash = plan.digest(org_id=work.org_id, task_id=task["id"], user_id=task["user_id"], kind=task["kind"])
        if await repository.change_plan(task["id"], plan.model_dump(mode="json"), new_hash) is None:
            raise ApprovalDecided()
        told = {"approval_id": str(approval_id), "by": str(principal.user_id), "plan_hash": new_hash.hex()}
        await TaskRepository(await work.connection()).note(task["id"], "approval.edited", told)
        work.audit(
            "approval.decided", subject=task["id"], approval_id=approval_id, decision="edited", plan_hash=new_hash.hex()
        )
        call_agents(work, self.database, task["id"])
        return decided

    async def _decide(
        self, work: Work, principal: Principal, approval_id: UUID, plan_hash: bytes, status: str, reason: str | None
    ) -> Row:
        """Raises `PeopleOnly`, `ApprovalNotFound`, `NotYoursToApprove`, `PlanChanged`, `ApprovalDecided`."""
        repository, approval, task = await self._to_answer(work, principal, approval_id)
        decided = await self._answer(repository, principal, approval, plan_hash, status, reason)
        if task["plan_hash"] != decided["plan_hash"]:
            raise PlanChanged()
        if await repository.resume(task["id"]) is None:
            raise ApprovalDecided("The task has ended")
        told = {"approval_id": str(approval_id), "by": str(principal.user_id), "plan_hash": decided["plan_hash"].hex()}
        await TaskRepository(await work.connection()).note(task["id"], f"approval.{status}", told)
        work.audit(
            "approval.decided", subject=task["id"], approval_id=approval_id, decision=status,
            plan_hash=decided["plan_hash"].hex(),
        )  # fmt: skip
        call_agents(work, self.database, task["id"])
        return decided

    @staticmethod
    async def _to_answer(work: Work, principal: Principal, approval_id: UUID) -> tuple[ApprovalRepository, Row, Row]:
        """The question and its task, locked; an attempt by somebody who is not asked goes to the audit log.

        Raises `PeopleOnly`, `ApprovalNotFound`, `NotYoursToApprove`.
        """
        connection = await work.connection()
        _require_asked(work, principal, await _found(connection, approval_id))  # before it is locked to everybody else
        repository = ApprovalRepository(connection)
        task = await repository.lock_task(approval_id)
        approval = await _found(connection, approval_id)
        if task is None:
            raise ApprovalNotFound()
        _require_asked(work, principal, approval)
        return repository, approval, task

    @staticmethod
    async def _answer(
        repository: ApprovalRepository, principal: Principal, approval: Row, plan_hash: bytes, status: str,
        reason: str | None,
    ) -> Row:  # fmt: skip
        if approval["plan_hash"] != plan_hash:
            raise PlanChanged()
        decided = await repository.decide(
            approval["id"], status=status, decided_by=principal.user_id, plan_hash=plan_hash, reason=reason
        )
        if decided is None:
            late = approval["status"] == "pending" and approval["expires_at"] <= datetime.now(UTC)
            raise ApprovalDecided(f"It is {'expired' if late else approval['status']}")
        return decided


async def _found(connection: Connection, approval_id: UUID) -> Row:
    row = await ApprovalRepository(connection).find(approval_id)
    if row is None:
        raise ApprovalNotFound()
    return row


def _asked(principal: Principal, row: Row) -> bool:
    """Whether the person is one of those who are asked. Never whoever asked for the task, nor whom it judges."""
    if principal.user_id == row["requester_id"]:
        return False
    if principal.user_id in row["subjects"] and _JUDGING & set(row["kinds"]):
        return False
    roles = {*row["roles"], *(row["escalates_to"] if row["escalated_at"] is not None else ())}
    if principal.role not in roles:
        return False
    return principal.role != "instructor" or row["instructor_id"] == principal.user_id


def _require_asked(work: Work, principal: Principal, approval: Row) -> None:
    """Raises `PeopleOnly`, `NotYoursToApprove`, of which the audit log is told."""
    if principal.acting is None and _asked(principal, approval):
        return
    own = approval["requester_id"] == principal.user_id
    work.audit_refusal("approval.denied", subject=approval["task_id"], approval_id=approval["id"], own=own)
    in_person(principal)
    raise NotYoursToApprove()


def _edited(org_id: UUID, task: Row, approval: Row, changes: Changes) -> Plan:
    kind = KINDS.get(task["kind"])
    if kind is None:
        raise Invalid.field("changes", "unfit", "there is no such kind of task any more")
    plan = Plan.model_validate(task["plan"])
    for key, values in changes.items():
        step = plan.step(key)
        if step is None or key not in approval["covers"]:
            raise Invalid.field(f"changes/{key}", "unknown", "the request covers no such step")
        tool = TOOLS.get(step.tool)
        if tool is None:
            raise Invalid.field(f"changes/{key}", "unfit", "there is no such tool any more")
        editable = marks(tool.arguments, Editable)
        if fixed := sorted(values.keys() - editable.keys()):
            raise Invalid.field(f"changes/{key}/{fixed[0]}", "fixed", "may not be changed")
    role = "org_admin"  # what the asker may do is looked at when the plan is checked anew
    asker = Asker(user_id=task["user_id"], org_id=org_id, role=role, permissions=frozenset().union(*ROLES.values()))
    try:
        amended = plan.amended(changes, Origin.ORGANISATION)
        checked(amended, kind, asker, task["maximum_steps"])
    except (TaskStopped, ValidationError) as problem:
        detail = problem.detail if isinstance(problem, TaskStopped) else "a value does not fit"
        raise Invalid.field("changes", "unfit", detail) from problem
    return amended
