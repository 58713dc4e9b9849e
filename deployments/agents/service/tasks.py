"""Asking for tasks, looking at them, ending them, trying them once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from actors.agent.checking import checked, named
from actors.agent.errors import InvalidPlan, TaskStopped
from actors.agent.kinds import KINDS
from actors.agent.kinds.base import AnyKind, Asker
from actors.agent.state import RETRIABLE
from actors.agent.tools import TOOLS
from deployments.agents.errors import TaskEnded, TaskNotFound, TaskNotPermitted, TaskNotRetriable, TooManyTasks
from deployments.agents.repository.approvals import ApprovalRepository
from deployments.agents.repository.tasks import Row, TaskRepository
from deployments.agents.service.common import call_agents, in_person
from deployments.kit.errors import Invalid, PersonNotFound
from deployments.kit.permissions import ROLES
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from stores.ids import new_id
from stores.postgres import Database
from stores.sessions import SessionStore

ANY = "agents.any"
LONGEST = timedelta(days=30)
_USER_AGENT = "Azora agents"
_RETRY_SECONDS = 60
_MICRODOLLARS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a task may use up. `dollars` are US dollars, as models are priced."""

    steps: int
    tokens: int
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Detail:
    """A task with its steps and what was asked about it."""

    task: Row
    steps: list[Row]
    approvals: list[Row]


def permitted_kinds(principal: Principal) -> list[AnyKind]:
    """The kinds of which the role holds every permission that their tools need."""
    return [kind for kind in KINDS.values() if not _lacking(kind, principal)]


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """The rules."""

    database: Database
    sessions: SessionStore
    open_tasks: int

    async def create(
        self,
        work: Work,
        principal: Principal,
        *,
        kind: str,
        input: dict[str, Any],
        budget: Budget,
        deadline: datetime | None,
    ) -> Row:
        """Queue a task. Raises `Invalid`, `TaskNotPermitted`, `TooManyTasks`, `PeopleOnly`."""
        in_person(principal)
        task_kind = _kind(kind)
        wanted, people = self._wanted(principal, task_kind, input, budget.steps)
        repository = TaskRepository(await work.connection())
        delegation_id = await self._delegation(work, repository, principal)
        if await repository.open_tasks(principal.user_id) >= self.open_tasks:
            raise TooManyTasks(_RETRY_SECONDS, f"At most {self.open_tasks} at a time")
        row = await repository.insert(
            id=new_id(), org_id=work.org_id, user_id=principal.user_id, delegation_id=delegation_id,
            course_id=task_kind.course(wanted), kind=kind, input=wanted.model_dump(mode="json"),
            maximum_steps=budget.steps, maximum_tokens=budget.tokens,
            maximum_cost_microdollars=int(budget.dollars * _MICRODOLLARS), deadline=_deadline(deadline),
            subjects=sorted(people),
        )  # fmt: skip
        data = {name: row[name] for name in ("user_id", "course_id", "kind")}
        work.publish(
            "ai_events", "agent_task.created.v1", subject=row["id"], key=principal.user_id,
            data={"task_id": row["id"], **data},
        )  # fmt: skip
        call_agents(work, self.database, row["id"])
        return row

    def _wanted(
        self, principal: Principal, kind: AnyKind, input: dict[str, Any], maximum_steps: int
    ) -> tuple[BaseModel, set[UUID]]:
        """The input, of which a plan can be made that this person may carry out, and the others whom it names."""
        if lacking := _lacking(kind, principal):
            raise TaskNotPermitted(f"Tasks of this kind need {', '.join(lacking)}")
        try:
            wanted: BaseModel = kind.input.model_validate(input)
        except ValidationError as error:
            raise _invalid(error) from error
        asker = Asker(
            user_id=principal.user_id, org_id=principal.org_id, role=principal.role, permissions=ROLES[principal.role]
        )
        try:
            known = checked(kind.planned(asker, wanted), kind, asker, maximum_steps)
        except ValidationError as error:
            raise Invalid.field("input", "unplannable", "no plan can be made of it") from error
        except (InvalidPlan, TaskStopped) as problem:
            raise Invalid.field("input", problem.type, problem.detail) from problem
        return wanted, named(known) - {principal.user_id}

    async def _delegation(self, work: Work, repository: TaskRepository, principal: Principal) -> UUID:
        """The session under which the person's tasks act, made where there is none that lives."""
        known = await repository.delegation(principal.user_id)
        if known is not None:
            session = await self.sessions.find(known)
            if session is not None and session.user_id == principal.user_id and session.org_id == work.org_id:
                return known
        if not await repository.lock_account(principal.user_id):
            raise PersonNotFound()
        session, _ = await self.sessions.create(principal.user_id, work.org_id, _USER_AGENT, "")
        await repository.keep_delegation(work.org_id, principal.user_id, session.id)
        return session.id

    async def page(
        self, work: Work, principal: Principal, *, everybody: bool, status: str | None, kind: str | None,
        before: tuple[datetime, UUID] | None, limit: int,
    ) -> list[Row]:  # fmt: skip
        """One's own, or everybody's for those who may. Raises `Forbidden`."""
        if everybody:
            principal.require(ANY)
        return await TaskRepository(await work.connection()).page(
            user_id=None if everybody else principal.user_id, status=status, kind=kind, before=before, limit=limit
        )

    async def one(self, work: Work, principal: Principal, task_id: UUID) -> Detail:
        """Raises `TaskNotFound`."""
        connection = await work.connection()
        row = await TaskRepository(connection).find(task_id, _whose(principal))
        if row is None:
            raise TaskNotFound()
        return Detail(
            row, await TaskRepository(connection).steps(task_id), await ApprovalRepository(connection).of_task(task_id)
        )

    async def cancel(self, work: Work, principal: Principal, task_id: UUID) -> Row:
        """End it now. What an effect that is under way comes to is still noted. Raises `TaskNotFound`, `TaskEnded`."""
        in_person(principal)
        connection = await work.connection()
        repository = TaskRepository(connection)
        if await repository.lock(task_id, _whose(principal)) is None:
            raise TaskNotFound()
        row = await repository.cancel(task_id)
        if row is None:
            raise TaskEnded()
        await ApprovalRepository(connection).withdraw(task_id)
        await repository.note(task_id, "task.ended", {"status": "cancelled", "by": str(principal.user_id)})
        data = {
            name: row[name]
            for name in ("user_id", "course_id", "kind", "status", "attempt", "tokens", "cost_microdollars")
        }
        work.publish(
            "ai_events", "agent_task.ended.v1", subject=task_id, key=row["user_id"], data={"task_id": task_id, **data}
        )
        call_agents(work, self.database, task_id, let_go=True)
        return row

    async def retry(self, work: Work, principal: Principal, task_id: UUID, deadline: datetime | None) -> Row:
        """Go on where it stopped; only whose it is may ask. Raises `TaskNotFound`, `TaskNotRetriable`, `PeopleOnly`."""
        in_person(principal)
        repository = TaskRepository(await work.connection())
        former = await repository.lock(task_id, principal.user_id)
        if former is None:
            raise TaskNotFound()
        if former["status"] not in RETRIABLE:
            raise TaskNotRetriable(f"It is {former['status']}")
        wanted = former["deadline"] if deadline is None and former["deadline"] > datetime.now(UTC) else deadline
        row = await repository.retry(task_id, await self._delegation(work, repository, principal), _deadline(wanted))
        assert row is not None
        await repository.note(task_id, "task.retried", {"attempt": row["attempt"]})
        work.audit("agent_task.retried", subject=task_id, attempt=row["attempt"])
        call_agents(work, self.database, task_id)
        return row


def _kind(name: str) -> AnyKind:
    try:
        return KINDS[name]
    except KeyError:
        raise Invalid.field("kind", "unknown", f"must be one of {', '.join(sorted(KINDS))}") from None


def _lacking(kind: AnyKind, principal: Principal) -> list[str]:
    return sorted({need for name in kind.tools for need in TOOLS[name].permissions} - ROLES[principal.role])


def _whose(principal: Principal) -> UUID | None:
    return None if principal.may(ANY) else principal.user_id


def _deadline(wanted: datetime | None) -> datetime:
    now = datetime.now(UTC)
    if wanted is None:
        return now + timedelta(days=7)
    if not now < wanted <= now + LONGEST:
        raise Invalid.field("deadline", "out_of_range", f"must lie within the next {LONGEST.days} days")
    return wanted


def _invalid(error: ValidationError) -> Invalid:
    return Invalid(
        [
            {
                "pointer": "/body/input" + "".join(f"/{part}" for part in one["loc"]),
                "code": one["type"],
                "message": one["msg"],
            }
            for one in error.errors()[:50]
        ]
    )
