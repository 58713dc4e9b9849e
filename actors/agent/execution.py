"""Doing the steps of a checked plan, one after the other."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from actors.agent import approving, errors
from actors.agent.calling import StepServices
from actors.agent.checking import Checked
from actors.agent.constitution import call_view
from actors.agent.delegation import TaskToken
from actors.agent.origins import people
from actors.agent.plan import Step
from actors.agent.state import Status
from actors.agent.store import ApprovalRecord, Begun, Ended, Entry, StepRecord
from actors.agent.tools.base import AnyTool, Result
from actors.agent.values import Resolved, output_of, resolvable, resolve, shown
from actors.governor.recording import Record, call_record
from learning.governance.decisions import Decision
from learning.governance.views import PlanView, TextContext, TextView
from learning.governance.vocabulary import ApprovalKind, DataClass, Origin, Place, Verdict
from stores.errors import StoreError

if TYPE_CHECKING:
    from actors.agent.run import Run

_FIRST_PAUSE_SECONDS = 0.2
_FIRST_REST = timedelta(seconds=5)
_MAY_HAVE_HAPPENED = "; the step was begun before, and may have happened"


class Resting(Exception):
    """The task waits; there is nothing more to do here."""


@dataclass(kw_only=True)
class Execution:
    """The steps of one task. `plan_kinds` are kinds of approval that the plan as a whole needs, beyond its steps'."""

    run: Run
    known: Checked
    view: PlanView
    plan_hash: bytes
    plan_kinds: frozenset[ApprovalKind]
    records: list[StepRecord]
    done: dict[str, StepRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.task = self.run.task
        self.means = self.run.means
        scope = frozenset[str]().union(*(tool.permissions for tool in self.known.tools.values()))
        self.token = TaskToken(lambda: self.means.delegations.mint(self.task, scope))

    async def all_steps(self) -> Mapping[str, StepRecord]:
        """Do what is not done yet. Raises `Resting` where people or time are waited for, `TaskStopped`, `Fenced`."""
        for step, record in zip(self.known.plan.steps, self.records, strict=True):
            if record.status != "done":
                self.run.failing(record.position)
                await self._do(step, record)
                self.run.failing(None)
            self.done[step.key] = record
        return self.done

    async def _do(self, step: Step, record: StepRecord) -> None:
        tool = self.known.tools[step.key]
        resolved = resolve(step, tool, self.done)
        decision = await self._cleared(step, resolved, begun=self._begun(step, record))
        if tool.changes and record.first_begun_at is not None:
            self._require_known(record.first_begun_at)
        self.run.touching(self._others(people(resolved.arguments)))
        self.means.trace(f"begin {step.key}")
        await self.run.checkpoint(
            Begun(position=record.position, arguments=resolved.values, decision=decision.record()),
            [Entry("step.begun", {"step": step.key, "tool": step.tool, "position": record.position})],
            self._audited(step, tool, decision),
        )
        record.tries += 1
        self.means.trace(f"begun {step.key}")
        ended = await self._perform(step, record, tool, resolved)
        self.means.trace(f"done {step.key}")
        record.output, record.origins, record.status = ended.output, ended.origins, "done"

    def _audited(self, step: Step, tool: AnyTool, decision: Decision) -> Record | None:
        """What leaves something behind, or is about people, is in the audit log before it happens."""
        if not tool.changes and tool.approval is None and DataClass.PERSONAL not in tool.data:
            return None
        return call_record(self.view, step.key, decision)

    # Approvals --------------------------------------------------------------------------------------------------

    def _begun(self, step: Step, record: StepRecord) -> bool:
        """Whether its effect may have happened already, under an answer that does not count any more."""
        return self.known.tools[step.key].changes and record.first_begun_at is not None

    async def _cleared(self, step: Step, resolved: Resolved, *, begun: bool) -> Decision:
        """The decision under which the step may be done now. Raises `RefusedByGovernor`, or `Resting` once asked."""
        decision = await self._judged(step, resolved, frozenset())
        needed = decision.approvals | (self.plan_kinds if step.key == self._gate() else frozenset())
        if not needed:
            return decision
        approvals = await self.means.store.approvals(self.task)
        found = approving.standing(approvals, self.plan_hash, step.key, resolved.hash)
        now = datetime.now(UTC)
        if not approving.clears(found, needed, now):
            await self._wait_for(found, needed, decision, now, _MAY_HAVE_HAPPENED if begun else "")
        decision = await self._judged(step, resolved, frozenset(needed))
        if decision.verdict is not Verdict.ALLOW:  # more is needed than was approved: the law changed meanwhile
            raise errors.RefusedByGovernor(
                "The constitution asks for more than was approved", decision, self.view, step.key
            )
        return decision

    def _gate(self) -> str:
        """The first step that leaves something behind or needs approval itself; the first of all if there is none."""
        steps = self.known.plan.steps
        tools = self.known.tools
        acting = (s.key for s in steps if tools[s.key].changes or tools[s.key].approval is not None)
        return next(acting, steps[0].key)

    async def _judged(self, step: Step, resolved: Resolved, approved: frozenset[ApprovalKind]) -> Decision:
        view = call_view(self.view, step.key, resolved.values, resolved.origins, approved)
        decision = await self.means.governor.judge_call(view)
        if decision.verdict is Verdict.REFUSE:
            raise errors.RefusedByGovernor("The constitution does not allow the step", decision, self.view, step.key)
        return decision

    async def _wait_for(
        self, found: ApprovalRecord | None, needed: frozenset[ApprovalKind], decision: Decision, now: datetime,
        before: str,
    ) -> None:  # fmt: skip
        if found is None or found.status in ("edited", "withdrawn", "approved"):
            await self._ask(needed, decision, now)
        elif found.status == "refused":
            raise errors.RefusedByPerson(f"Whoever was asked refused{before}")
        elif found.status == "expired" or now >= found.expires_at:
            raise errors.ApprovalExpired(f"Nobody answered in time{before}")
        elif found.escalates_at is not None and found.escalated_at is None and now >= found.escalates_at:
            entry = Entry("approval.escalated", {"approval_id": str(found.id)})
            await self.run.flush()
            await self.means.store.escalate(self.task, found, min(found.expires_at, self.task.deadline), [entry])
        else:
            await self.run.rest(Status.WAITING_APPROVAL, found.due_at(now), [])
        raise Resting()

    async def _ask(self, needed: frozenset[ApprovalKind], decision: Decision, now: datetime) -> None:
        kinds, covered = set(needed), []
        for step, record in zip(self.known.plan.steps, self.records, strict=True):
            if record.status != "done" and resolvable(step, self.done):
                resolved = resolve(step, self.known.tools[step.key], self.done)
                wanted = (await self._judged(step, resolved, frozenset())).approvals
                if wanted or step.key == self._gate():
                    kinds |= wanted
                    self.run.touching(self._others(people(resolved.arguments)))
                    covered.append((step, self.known.tools[step.key], resolved, self._begun(step, record)))
        law = await self.means.law.in_force(self.task.org_id)
        question = approving.question(
            law, plan_hash=self.plan_hash, kinds=kinds, now=now, deadline=self.task.deadline,
            covers={step.key: resolved.hash for step, _, resolved, _ in covered}, draft=list(shown(covered)),
            reasons=[finding.record() for finding in decision.findings],
        )  # fmt: skip
        due_at = min(filter(None, (question.escalates_at, question.expires_at)))
        entry = Entry("approval.asked", {"kinds": sorted(kinds), "steps": sorted(question.covers)})
        await self.run.flush()
        self.means.trace("ask")
        await self.means.store.ask(self.task, question, due_at, [entry])

    # Effects ----------------------------------------------------------------------------------------------------

    async def _perform(self, step: Step, record: StepRecord, tool: AnyTool, resolved: Resolved) -> Ended:
        services = StepServices(
            self.means.http, self.token, f"task:{self.task.id}:{step.key}", model=self.means.model, judge=self._worded
        )
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.means.limits.idle.total_seconds()):
                result = await self._tried(step, record, tool, resolved, services)
        except TimeoutError:
            raise errors.TookTooLong(f"{step.key} did not end in time") from None
        took = time.perf_counter() - began
        ended = replace(self._ended(record, tool, resolved, result), took_ms=round(took * 1000))
        entry = Entry("step.done", {"step": step.key, "tool": step.tool, "position": record.position})
        self.run.step_ended(ended, entry, self._others(people(result)))
        return ended

    async def _worded(self, text: str, sources: tuple[str, ...]) -> str | None:
        """A model's text as the constitution lets it out, None where it does not, or not without a person: what does
        without the model is there. Findings go to the audit log."""
        context = TextContext(org_id=self.task.org_id, origin=Origin.MODEL, asker_id=self.task.user_id, sources=sources)
        decision = await self.means.governor.judge_text(TextView(text=text, context=context), Place.TEXT_OUT)
        refused = decision.verdict is not Verdict.ALLOW
        if decision.findings:
            await self.means.store.note_text(self.task, [one.record() for one in decision.findings], refused=refused)
        return None if refused else decision.text

    async def _tried(
        self, step: Step, record: StepRecord, tool: AnyTool, resolved: Resolved, services: StepServices
    ) -> Result:
        for attempt in range(1, tool.tries + 1):
            try:
                return await self._effect(record, tool, resolved, services)
            except errors.TryAgain as failure:
                problem, wanted = failure.problem, failure.after_seconds
            except StoreError:
                problem, wanted = "unavailable", None
            pause = timedelta(seconds=wanted or _FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1))
            if pause > self.means.limits.short_pause or attempt == tool.tries:
                await self._rest(step, record, tool, problem, wanted)
            await asyncio.sleep(pause.total_seconds())
        raise AssertionError("the last try returns or raises")

    async def _rest(
        self, step: Step, record: StepRecord, tool: AnyTool, problem: str, wanted_seconds: float | None
    ) -> None:
        """Try again later, holding nothing meanwhile; or give up. Never returns."""
        if record.tries >= tool.tries:
            raise errors.ToolFailed(f"{step.tool} failed again and again", problem=problem)
        pause = timedelta(seconds=wanted_seconds) if wanted_seconds else _FIRST_REST * 2 ** (record.tries - 1)
        entry = Entry("step.put_off", {"step": step.key, "problem": problem, "seconds": pause.total_seconds()})
        await self.run.rest(Status.WAITING_TIME, datetime.now(UTC) + pause, [entry])
        raise Resting()

    async def _effect(self, record: StepRecord, tool: AnyTool, resolved: Resolved, services: StepServices) -> Result:
        call = asyncio.ensure_future(self._call(tool, resolved, services))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            if tool.changes and not call.done():  # it may happen all the same: find out, and keep what it came to
                self.means.later(self._note_late(call, record, tool, resolved))
            else:
                call.cancel()
            raise

    async def _call(self, tool: AnyTool, resolved: Resolved, services: StepServices) -> Result:
        try:
            async with asyncio.timeout(tool.timeout_seconds):
                result: Result = await tool.run(services, resolved.arguments)
                return result
        except TimeoutError:
            raise errors.TryAgain("timeout", "The service took too long") from None
        except (ValueError, LookupError, TypeError) as error:  # what came back is not what the tool can read
            raise errors.ToolFailed(f"{tool.name} cannot read the answer", problem=type(error).__name__) from error

    async def _note_late(
        self, call: asyncio.Future[Result], record: StepRecord, tool: AnyTool, resolved: Resolved
    ) -> None:
        async with asyncio.timeout(self.means.limits.late_effect.total_seconds()):
            result = await call
        await self.means.store.note_late(self.task, self._ended(record, tool, resolved, result))

    def _ended(self, record: StepRecord, tool: AnyTool, resolved: Resolved, result: Result) -> Ended:
        output, origins = output_of(tool, result, resolved.inputs)
        if len(orjson.dumps(output)) > self.means.limits.output_bytes:
            raise errors.ToolFailed(f"{tool.name} gave too much", problem="output-too-large")
        return Ended(position=record.position, output=output, origins=origins, took_ms=0)

    # Limits -----------------------------------------------------------------------------------------------------

    def _require_known(self, first_begun_at: datetime) -> None:
        if datetime.now(UTC) - first_begun_at > self.means.limits.effect_known:
            raise errors.OutcomeUnknown("The effect was begun too long ago to be repeated safely")

    def _others(self, touched: Any) -> set[UUID]:
        return set(touched) - {self.task.user_id}
