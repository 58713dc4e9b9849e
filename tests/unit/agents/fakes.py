"""Everything around a run, in memory: a store, services that answer what they are told to, and people who approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson

from actors.agent.calling import Http
from actors.agent.delegation import Delegations
from actors.agent.limits import Limits
from actors.agent.run import Means, Run
from actors.agent.state import Stage, Status
from actors.agent.store import ApprovalRecord, Begun, Ended, Question, StepRecord, Task, TaskStore
from actors.governor.law import shipped
from deployments.kit.permissions import ROLES
from learning.governance.constitution import Constitution
from learning.governance.governor import LocalGovernor
from stores.ids import new_id


@dataclass
class FakeStore:
    """A task's rows."""

    task: Task
    records: list[StepRecord] = field(default_factory=list)
    asked: list[ApprovalRecord] = field(default_factory=list)
    status: Status = Status.RUNNING
    error: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    replaced: list[bytes] = field(default_factory=list)

    async def fix_plan(
        self,
        task: Task,
        plan: Mapping[str, Any],
        plan_hash: bytes,
        steps: Sequence[tuple[str, str]],
        *_: Any,
        replaced: bytes | None = None,
        **__: Any,
    ) -> None:
        if replaced is not None:
            self.replaced.append(replaced)
        self.task = replace(task, plan=plan, plan_hash=plan_hash, stage=Stage.EXECUTION)
        self.records = [StepRecord(position=n, key=key, tool=tool) for n, (key, tool) in enumerate(steps, start=1)]

    async def steps(self, task: Task) -> list[StepRecord]:
        return self.records

    async def advance(self, task: Task, *, ended: Ended | None = None, begun: Begun | None = None, **_: Any) -> None:
        if ended is not None:
            one = self.records[ended.position - 1]
            one.status, one.output, one.origins = "done", ended.output, ended.origins
        if begun is not None:
            one = self.records[begun.position - 1]
            one.status, one.first_begun_at = "begun", one.first_begun_at or datetime.now(UTC)

    async def rest(self, task: Task, status: Status, *_: Any) -> None:
        self.status = status

    async def approvals(self, task: Task) -> list[ApprovalRecord]:
        return self.asked

    async def ask(self, task: Task, question: Question, *_: Any) -> None:
        """Somebody else approves at once."""
        self.status = Status.WAITING_APPROVAL
        self.asked.insert(
            0,
            ApprovalRecord(
                id=new_id(), plan_hash=question.plan_hash, kinds=list(question.kinds), covers=question.covers,
                status="approved", decided_by=new_id(), requester_id=task.user_id, reason=None, escalates_at=None,
                escalated_at=None, expires_at=question.expires_at,
            ),
        )  # fmt: skip

    async def note_text(self, *_: Any, **__: Any) -> None:
        """Of the audit log there is none."""

    async def end(self, task: Task, status: Status, *, result: Any = None, error: Any = None, **_: Any) -> None:
        self.status, self.result, self.error = status, result, error


def spoken(text: str) -> dict[str, Any]:
    """What the gateway answers where a model has said this."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"total_tokens": 1}}


@dataclass
class FakeHttp:
    """Services whose every text is `text`, and models that say `said`, or `text` too."""

    text: str
    said: str | None = None
    calls: list[tuple[str, str, Any]] = field(default_factory=list)

    async def request(
        self, method: str, path: str, headers: Any, query: Any, body: Any
    ) -> tuple[int, dict[str, str], bytes]:
        if path == "/v1/chat/completions":
            said = self.text if self.said is None else self.said
            return 200, {}, orjson.dumps(spoken(said))
        self.calls.append((method, path, body if body is not None else query))
        return 200, {}, orjson.dumps(self._answer(path))

    def _answer(self, path: str) -> Any:
        ids = str(UUID(int=7))
        if path.endswith("/turns"):
            place = {"unit_id": ids, "heading": self.text, "completed": False}
            return {"kind": "answer", "text": self.text, "sources": [place], "made_by": {"model": "m"}}
        passage = {"course_id": ids, "course_title": self.text, "unit_id": ids, "heading": self.text, "text": self.text}
        learner = {"id": ids, "first_name": self.text, "last_name": self.text}
        unit = {
            "unit_id": ids, "title": self.text, "kind": "text", "completed_at": None, "score": None,
            "attempts_used": None, "submissions": None,
        }  # fmt: skip
        row = {
            "id": ids, "user_id": ids, "body": self.text, "number": 1, "revision": 3, "maximum_points": "10",
            "points": None, "status": "active", "progress": "0", "score": None, "learner": learner,
            "feedback": self.text, "probability": 0.6, "level": "high", "reasons": [{"text": self.text}],
            "suggestion": self.text, "interventions": [], "model_version": "1", **passage,
        }  # fmt: skip
        skill = {"skill_id": ids, "title": self.text, "level": "secure", "known": 0.9, "explanation": self.text}
        step = {"unit_id": ids, "title": self.text, "minutes": 5, "why": "gap", "reason": self.text}
        proposal = {
            "unit": {"kind": "text", "title": self.text, "body": self.text},
            "modules": [{"title": self.text, "units": []}], "checks": [], "sources": [ids],
        }  # fmt: skip
        suggestion = {
            "course_id": ids, "user_id": ids, "submission_revision": 3, "confidence": 0.9, "needs_person": False,
            "concerns": [], "feedback": self.text, "made_by": {"model": "m"},
        }  # fmt: skip
        return {
            "predicted": 1,
            "id": ids, "items": [row], "units": [{**unit, "id": ids}], "status": "active", "score": None,
            "progress": "0", "points": "5", "maximum_points": "10", "number": 2, "funnel": [],
            "totals": {"figures": {}, "suppressed": []}, "minutes": 45, "skills": [skill], "steps": [step],
            "closed": [{"unit_id": ids, "title": self.text}], **proposal, **suggestion,
        }  # fmt: skip


class _Law:
    async def in_force(self, org_id: UUID) -> Constitution:
        return shipped()


class _Delegations:
    async def mint(self, task: Task, scope: Any) -> tuple[str, float]:
        return "token", float("inf")


async def carried_out(
    kind: str, input: Mapping[str, Any], text: str, *, said: str | None = None, model: bool = False, steps: int = 100
) -> tuple[FakeStore, FakeHttp]:
    """A task of an administrator from its beginning to its end, whatever is asked approved, with services that say
    `text`; with `model` one plans and drafts, and says `said` or else `text`."""
    return await carried_on(FakeStore(asked_for(kind, input, steps)), text, said=said, model=model)


def asked_for(kind: str, input: Mapping[str, Any], steps: int = 100) -> Task:
    """A task of an administrator that nobody has looked at yet."""
    return Task(
        id=UUID(int=1), org_id=UUID(int=2), user_id=UUID(int=3), delegation_id=UUID(int=4), course_id=None, kind=kind,
        input=input, stage=Stage.ANALYSIS, plan=None, plan_hash=None, plan_revision=0, maximum_steps=steps, subjects=(),
        deadline=datetime.now(UTC) + timedelta(days=1), epoch=1, claims=1, attempt=1, role="org_admin",
    )  # fmt: skip


async def carried_on(
    store: FakeStore, text: str, *, said: str | None = None, model: bool = False
) -> tuple[FakeStore, FakeHttp]:
    """The same for a task as it stands in the store."""
    http = FakeHttp(text, said)
    means = Means(
        store=cast(TaskStore, store), http=cast(Http, http), delegations=cast(Delegations, _Delegations()),
        governor=LocalGovernor.of(shipped()), law=_Law(), permissions=lambda role: ROLES[role],
        later=lambda work: work.close(), news=lambda task_id: None, limits=Limits(), model="m" if model else None,
    )  # fmt: skip
    for _ in range(10):
        store.status = Status.RUNNING
        await Run(means=means, task=store.task).carry_out()
        if store.status not in (Status.WAITING_APPROVAL, Status.WAITING_TIME):
            break
    return store, http
