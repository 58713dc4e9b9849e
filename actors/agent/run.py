"""One task from where it stands to where it ends or has to wait.

Everything that must outlive this process is written before it matters: the plan before anything is read, each step
before its effect, its result before the next. Whoever takes the task up after a crash does the begun step again under
the same idempotency key, and the service answers what it answered before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from actors.agent import errors
from actors.agent.asking import PERMISSION
from actors.agent.calling import Http, StepServices
from actors.agent.checking import Checked, checked
from actors.agent.constitution import plan_view
from actors.agent.delegation import Delegations, TaskToken
from actors.agent.execution import Execution, Resting
from actors.agent.kinds import KINDS
from actors.agent.kinds.base import AnyKind, Asker
from actors.agent.law import Law
from actors.agent.limits import Limits
from actors.agent.plan import Plan
from actors.agent.planning import proposed
from actors.agent.state import Stage, Status
from actors.agent.store import Begun, Ended, Entry, Fenced, StepRecord, Task, TaskStore
from actors.agent.telling import ended_event
from actors.agent.tools import TOOLS
from actors.governor.recording import Record, call_record, plan_record
from learning.governance.decisions import Decision
from learning.governance.governor import Governor
from learning.governance.views import PlanView
from learning.governance.vocabulary import Verdict
from stores.errors import StoreUnavailable

log = structlog.get_logger("azora.agent")

_BEFORE_EXECUTION = frozenset({Stage.ANALYSIS, Stage.PLAN, Stage.CHECK})


@dataclass(frozen=True, kw_only=True)
class Means:
    """What runs share. `permissions` gives those of a role; `later` takes what may outlive a run; `news` is told whose
    journal grew; `model` may plan and draft; `trace` hears a word wherever a crash may come between, for tests that
    crash there.
    """

    store: TaskStore
    http: Http
    delegations: Delegations
    governor: Governor
    law: Law
    permissions: Callable[[str], frozenset[str]]
    later: Callable[[Coroutine[Any, Any, None]], None]
    news: Callable[[UUID], None]
    limits: Limits
    model: str | None = None
    trace: Callable[[str], None] = lambda point: None


@dataclass(kw_only=True)
class Run:
    """A claimed task on its way."""

    means: Means
    task: Task
    let_go: bool = False  # a store was lost: it is still ours in the database, and nobody works on it
    _planned_by: str = "rules"
    _replaced: bytes | None = None  # the hash of the plan that another takes the place of
    # What the last step gave, not yet written: it goes with the beginning of the next, in one statement.
    _ended: Ended | None = None
    _ended_entries: list[Entry] = field(default_factory=list)
    _touched: set[UUID] = field(default_factory=set)
    _failing: int | None = None

    async def carry_out(self) -> None:
        """Go on until the task has ended, waits, or is somebody else's."""
        try:
            await self._bounded()
        except (Fenced, Resting):
            pass
        except StoreUnavailable as error:  # whoever claims it next goes on from the last checkpoint
            self.let_go = True
            log.warning("task let go of", task_id=str(self.task.id), cause=repr(error.__cause__ or error))
        finally:
            self.means.news(self.task.id)

    async def _bounded(self) -> None:
        try:
            async with asyncio.timeout(self._seconds_left()):
                await self._stages()
        except TimeoutError:
            if datetime.now(UTC) >= self.task.deadline:
                await self._stop(errors.PastDeadline("The deadline is over"))
            else:
                await self._stop(errors.TookTooLong("It ran for too long"))
        except errors.TaskStopped as stop:
            await self._stop(stop)

    def _seconds_left(self) -> float:
        until_deadline = (self.task.deadline - datetime.now(UTC)).total_seconds()
        return max(0.0, min(self.means.limits.run.total_seconds(), until_deadline))

    async def _stages(self) -> None:
        task = self.task
        if task.claims > self.means.limits.claims:
            raise errors.KeepsCrashing(f"Taken up {task.claims} times without getting on")
        kind, asker, wanted = self._analysis()
        known = await self._known(kind, asker, wanted)
        view = plan_view(known, kind, asker, task.id, task.course_id)
        plan_hash = known.plan.digest(org_id=task.org_id, task_id=task.id, user_id=task.user_id, kind=task.kind)
        decision = await self._judge(view)
        records = await self._records(known, view, plan_hash, decision)
        execution = Execution(
            run=self, known=known, view=view, plan_hash=plan_hash, records=records,
            plan_kinds=decision.approvals - {tool.approval for tool in known.tools.values() if tool.approval},
        )  # fmt: skip
        await self._validate(kind, wanted, await execution.all_steps())

    def _analysis(self) -> tuple[AnyKind, Asker, Any]:
        """Which kind, who asks, what is wanted."""
        task = self.task
        kind = KINDS.get(task.kind)
        if kind is None:
            raise errors.InvalidPlan("There is no such kind of task any more")
        if task.role is None:
            raise errors.DelegationEnded("The person is not active")
        try:
            wanted = kind.input.model_validate(task.input)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "input"
            raise errors.InvalidPlan(f"The input does not fit this kind of task: {where}: {first['msg']}") from error
        permissions = self.means.permissions(task.role)
        return kind, Asker(user_id=task.user_id, org_id=task.org_id, role=task.role, permissions=permissions), wanted

    async def _known(self, kind: AnyKind, asker: Asker, wanted: Any) -> Checked:
        """The task's plan, checked; made where there is none, and anew where it is of tools as they were once.

        Raises `InvalidPlan` and `ForbiddenOrigin`.
        """
        task = self.task
        if task.plan is not None:
            try:
                return checked(Plan.model_validate(task.plan), kind, asker, task.maximum_steps)
            except errors.NotPermitted:
                raise
            except (errors.InvalidPlan, errors.ForbiddenOrigin) as problem:
                await self._require_no_effects(problem)
        known = checked(await self._planned(kind, asker, wanted), kind, asker, task.maximum_steps)
        self._replaced = task.plan_hash
        return known

    async def _require_no_effects(self, problem: errors.TaskStopped) -> None:
        """Raises `InvalidPlan` where a step of the plan may have left something behind."""
        if any(_may_have_acted(record) for record in await self.means.store.steps(self.task)):
            raise errors.InvalidPlan(
                f"The plan keeps the rules no more, and steps of it may have happened: {problem.detail}"
            ) from problem

    async def _planned(self, kind: AnyKind, asker: Asker, wanted: Any) -> Plan:
        """The plan of a task that has none: a model's where it may and its plan keeps all rules, else the rules'."""
        model = self.means.model
        if model is None or not kind.by_model or PERMISSION not in asker.permissions:
            return kind.planned(asker, wanted)
        token = TaskToken(lambda: self.means.delegations.mint(self.task, {PERMISSION}))
        services = StepServices(self.means.http, token, f"task:{self.task.id}:plan")
        try:
            async with asyncio.timeout(self.means.limits.planning.total_seconds()):
                plan = await proposed(services, model, kind, wanted, self.task.maximum_steps)
            checked(plan, kind, asker, self.task.maximum_steps)
            self._planned_by = "model"
        except (errors.InvalidPlan, errors.ForbiddenOrigin, errors.ToolFailed, errors.TryAgain, LookupError,
                TypeError, ValueError, TimeoutError) as error:  # fmt: skip
            log.info("planned by rules", task_id=str(self.task.id), cause=str(error)[:200] or type(error).__name__)
            plan = kind.planned(asker, wanted)
        return plan

    async def _judge(self, view: PlanView) -> Decision:
        # Each time the task is taken up: the law may have changed while it waited.
        decision = await self.means.governor.judge_plan(view)
        if decision.verdict is Verdict.REFUSE:
            raise errors.RefusedByGovernor("The constitution does not allow the plan", decision, view)
        return decision

    async def _records(self, known: Checked, view: PlanView, plan_hash: bytes, decision: Decision) -> list[StepRecord]:
        """How the steps stand; where the plan is new, it is fixed first."""
        kept = self.task.plan is not None and self._replaced is None
        if kept and self.task.stage not in _BEFORE_EXECUTION:
            if plan_hash != self.task.plan_hash:
                raise errors.InvalidPlan("The plan is not the one that was checked")
            return await self.means.store.steps(self.task)
        await self._fix(known, view, plan_hash, decision)
        if kept:  # edited: some steps may be done
            return await self.means.store.steps(self.task)
        return [
            StepRecord(position=number, key=step.key, tool=step.tool)
            for number, step in enumerate(known.plan.steps, start=1)
        ]

    async def _fix(self, known: Checked, view: PlanView, plan_hash: bytes, decision: Decision) -> None:
        told = {
            "plan_hash": plan_hash.hex(),
            "steps": len(known.plan.steps),
            "planned_by": self._planned_by,
            "verdict": decision.verdict.value,
            "approvals": sorted(decision.approvals),
            **({"replaced": self._replaced.hex()} if self._replaced else {}),
        }
        self.means.trace("plan")
        await self.means.store.fix_plan(
            self.task, known.plan.model_dump(mode="json"), plan_hash,
            [(step.key, step.tool) for step in known.plan.steps], [decision.record()], [Entry("task.planned", told)],
            record=plan_record(view, decision), replaced=self._replaced,
        )  # fmt: skip
        self.means.trace("planned")

    async def _validate(self, kind: AnyKind, wanted: Any, steps: Mapping[str, StepRecord]) -> None:
        outputs = {key: record.output or {} for key, record in steps.items()}
        try:
            result = kind.result(wanted, outputs)
            problems = list(kind.criteria(wanted, result, outputs))
        except (LookupError, TypeError, ValueError) as error:
            raise errors.CriteriaNotMet("The steps gave nothing to make a result of") from error
        if problems:
            raise errors.CriteriaNotMet("The result is not what was asked for", criteria=problems[:20])
        self.means.trace("ending")
        await self._end(Status.SUCCEEDED, result=result)
        self.means.trace("ended")

    async def _stop(self, stop: errors.TaskStopped) -> None:
        log.info("task stopped", task_id=str(self.task.id), kind=self.task.kind, reason=stop.type)
        status = Status.REFUSED if isinstance(stop, errors.REFUSALS) else Status.FAILED
        await self._end(
            status, error=stop.record(), refusal=stop if isinstance(stop, errors.RefusedByGovernor) else None
        )

    async def _end(
        self, status: Status, *, result: Mapping[str, Any] | None = None, error: Mapping[str, Any] | None = None,
        refusal: errors.RefusedByGovernor | None = None,
    ) -> None:  # fmt: skip
        told = {"status": status.value, **({"reason": error["type"]} if error else {})}
        await self.means.store.end(
            self.task, status, result=result, error=error, ended=self._ended,
            failed_position=self._failing if error else None, decisions=[refusal.decision.record()] if refusal else [],
            subjects=self._touched, entries=[*self._ended_entries, Entry("task.ended", told)],
            event=ended_event(self.task, status), record=_refused(refusal) if refusal else None,
        )  # fmt: skip

    # Checkpoints ------------------------------------------------------------------------------------------------

    async def checkpoint(self, begun: Begun | None, entries: Sequence[Entry], record: Record | None = None) -> None:
        """One write for the end of the last step and the beginning of the next."""
        ended, told, touched = self._ended, self._ended_entries, self._touched
        await self.means.store.advance(
            self.task, ended=ended, begun=begun, subjects=touched, entries=[*told, *entries], record=record
        )
        self._ended, self._ended_entries, self._touched = None, [], set()
        self.means.news(self.task.id)

    async def flush(self) -> None:
        """Write what the last step gave and whom it is about, if that is still to be done."""
        if self._ended is not None or self._touched:
            await self.checkpoint(None, [])

    async def rest(self, status: Status, due_at: datetime, entries: Sequence[Entry]) -> None:
        """Let the task wait in the database."""
        await self.flush()
        await self.means.store.rest(self.task, status, min(due_at, self.task.deadline), entries)

    def step_ended(self, ended: Ended, entry: Entry, touched: set[UUID]) -> None:
        """Note what a step gave, to be written with what comes next."""
        self._ended, self._ended_entries = ended, [entry]
        self._touched |= touched

    def touching(self, touched: set[UUID]) -> None:
        """Note whose data a step is about, unless the task says so since it was asked for."""
        self._touched |= touched - set(self.task.subjects)

    def failing(self, position: int | None) -> None:
        """Which step it is that fails, should the task end now."""
        self._failing = position


def _may_have_acted(record: StepRecord) -> bool:
    """Whether it was begun and changes something; what a tool did that there is no more, nobody can tell."""
    tool = TOOLS.get(record.tool)
    return record.first_begun_at is not None and (tool is None or tool.changes)


def _refused(refusal: errors.RefusedByGovernor) -> Record:
    if refusal.step is None:
        return plan_record(refusal.view, refusal.decision)
    return call_record(refusal.view, refusal.step, refusal.decision)
