"""Tasks in PostgreSQL, as agents read and write them. Every write of a task says under which epoch; whoever was fenced
writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from actors.agent import mailing
from actors.agent.state import Status
from actors.governor.recording import Record
from stores import audit
from stores.audit.entries import Outcome
from stores.events import Event
from stores.events.envelope import key_hash
from stores.ids import new_id
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__)

WORK_CHANNEL = "agent_work"  # something became due (empty), or a task is to be let go of (its id)
NEWS_CHANNEL = "agent_news"  # ids of tasks whose journals grew
_NEWS_PER_NOTICE = 200  # 33 bytes each; a notice has at most 8,000


class Fenced(Exception):
    """The task has passed to somebody else, or has ended: what was begun must not be written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a task's journal: ids, figures and fixed words, never what somebody wrote."""

    type: str
    data: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"type": self.type, "data": dict(self.data)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task that was claimed, as it was then. `role` is None where the person is not active any more."""

    id: UUID
    org_id: UUID
    user_id: UUID
    delegation_id: UUID
    course_id: UUID | None
    kind: str
    input: Mapping[str, Any]
    stage: str
    plan: Mapping[str, Any] | None
    plan_hash: bytes | None
    plan_revision: int
    maximum_steps: int
    subjects: Collection[UUID]
    deadline: datetime
    epoch: int
    claims: int
    attempt: int
    role: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        # The driver's ids are of a class of its own, which has no canonical form.
        fields: dict[str, Any] = {
            name: UUID(int=held.int) if isinstance(held, UUID) else held for name, held in row.items()
        }
        fields["subjects"] = [UUID(int=one.int) for one in fields["subjects"]]
        return cls(**fields)


@dataclass(slots=True, kw_only=True)
class StepRecord:
    """How a step stands."""

    position: int
    key: str
    tool: str
    status: str = "pending"
    tries: int = 0
    arguments: Mapping[str, Any] | None = None
    output: Mapping[str, Any] | None = None
    origins: Mapping[str, Sequence[str]] | None = None
    first_begun_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """A question about a task, and what came of it."""

    id: UUID
    plan_hash: bytes
    kinds: Sequence[str]
    covers: Mapping[str, str]
    status: str
    decided_by: UUID | None
    requester_id: UUID
    reason: str | None
    escalates_at: datetime | None
    escalated_at: datetime | None
    expires_at: datetime

    def due_at(self, now: datetime) -> datetime:
        """When it has to be looked at next."""
        if self.escalates_at is not None and self.escalated_at is None and self.escalates_at < self.expires_at:
            return max(now, self.escalates_at)
        return self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of people."""

    plan_hash: bytes
    kinds: Collection[str]
    covers: Mapping[str, str]
    draft: Sequence[Mapping[str, Any]]
    reasons: Sequence[Mapping[str, Any]]
    roles: Collection[str]
    escalates_to: Collection[str]
    escalates_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A step that was done."""

    position: int
    output: Mapping[str, Any]
    origins: Mapping[str, Sequence[str]]
    took_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A step that is about to be done."""

    position: int
    arguments: Mapping[str, Any]
    decision: Mapping[str, Any] | None


class TaskStore:
    """`database` is under `azora_system`; `base_url` is where people sign in, for mails to them.

    Writes raise `Fenced`; everything raises `StoreUnavailable`.
    """

    def __init__(self, database: Database, lease: timedelta, base_url: str = "") -> None:
        self._database = database
        self._lease = lease
        self._base_url = base_url

    async def claim(self, owner: str, limit: int) -> list[Task]:
        """Take up to `limit` tasks that are due."""
        async with self._database.single_statements() as connection:
            rows = _queries.claim(connection, owner=owner, limit=limit, lease=self._lease)
            return [Task.from_row(row) async for row in rows]

    async def release_own(self, owner: str) -> None:
        """Have what a former life of `owner` held looked at again at once."""
        async with self._database.single_statements() as connection:
            await _queries.release_own(connection, owner=owner)

    async def release(self, tasks: Collection[Task]) -> None:
        """Have tasks that this owner cannot go on with, since a store is away, looked at again after a pause."""
        async with self._database.single_statements() as connection:
            await _queries.release(connection, ids=[task.id for task in tasks], epochs=[task.epoch for task in tasks])

    async def renew(self, held: Collection[Task]) -> set[UUID]:
        """Keep the leases; the ids of the tasks that are still held."""
        async with self._database.single_statements() as connection:
            rows = _queries.renew(
                connection, ids=[task.id for task in held], epochs=[task.epoch for task in held], lease=self._lease
            )
            return {row["id"] async for row in rows}

    async def steps(self, task: Task) -> list[StepRecord]:
        """The steps of its plan, in order."""
        async with self._database.single_statements() as connection:
            return [StepRecord(**row) async for row in _queries.steps(connection, id=task.id)]

    async def fix_plan(
        self, task: Task, plan: Mapping[str, Any], plan_hash: bytes, steps: Sequence[tuple[str, str]],
        decisions: Sequence[Mapping[str, Any]], entries: Sequence[Entry], record: Record,
        replaced: bytes | None = None,
    ) -> None:  # fmt: skip
        """Keep the plan and what was decided about it. `steps` are their keys and tools. Where it takes the place of
        another, with the hash `replaced`, none of that one's steps stay, and no answer about it counts."""
        audited = [record.entry]
        if replaced is None:
            opened = self._database.single_statements()
        else:
            opened = self._database.transaction(None)
            audited.append(_entry(task, "plan.replaced", replaced=replaced.hex(), plan_hash=plan_hash.hex()))
        async with opened as connection:
            if replaced is not None:
                _held(await _queries.drop_plan(connection, id=task.id, epoch=task.epoch))
            _held(
                await _queries.fix_plan(
                    connection, id=task.id, epoch=task.epoch, plan=dict(plan), plan_hash=plan_hash,
                    keys=[key for key, _ in steps], tools=[tool for _, tool in steps], decisions=list(decisions),
                    entries=_plain(entries), lease=self._lease,
                    audited=[entry.body() for entry in audited], shape=record.shape, verdict=record.verdict,
                )
            )  # fmt: skip

    async def note_text(self, task: Task, findings: Sequence[Mapping[str, Any]], *, refused: bool) -> None:
        """Write what was found in a model's text to the audit log."""
        entry = audit.Entry(
            org_id=task.org_id, action="text.judged", source="agents", actor=task.user_id, subject=task.id,
            outcome="refused" if refused else "done", details={"findings": list(findings)[:20]},
        )  # fmt: skip
        async with self._database.transaction(None) as connection:
            await audit.append(connection, [entry])

    async def advance(
        self, task: Task, *, ended: Ended | None = None, begun: Begun | None = None,
        subjects: Collection[UUID] = (), entries: Sequence[Entry], record: Record | None = None,
    ) -> None:  # fmt: skip
        """Checkpoint: a step is done, or about to be, with what is audited of it."""
        async with self._database.single_statements() as connection:
            _held(
                await _queries.advance(
                    connection, id=task.id, epoch=task.epoch, lease=self._lease,
                    **_gave(ended), audited=[record.entry.body()] if record else [],
                    begun_position=begun.position if begun else None,
                    arguments=begun.arguments if begun else None,
                    decision=begun.decision if begun else None,
                    subjects=list(subjects), entries=_plain(entries),
                )
            )  # fmt: skip

    async def note_late(self, task: Task, ended: Ended) -> None:
        """Keep what an effect came to that was under way when its task was taken away."""
        async with self._database.single_statements() as connection:
            await _queries.note_late(
                connection, id=task.id, position=ended.position, output=ended.output, origins=ended.origins
            )

    async def rest(self, task: Task, status: Status, due_at: datetime, entries: Sequence[Entry]) -> None:
        """Let the task wait until it is due."""
        async with self._database.single_statements() as connection:
            await self._rest(connection, task, status, due_at, entries)

    async def _rest(
        self, connection: Connection, task: Task, status: Status, due_at: datetime, entries: Sequence[Entry]
    ) -> None:
        _held(
            await _queries.rest(
                connection, id=task.id, epoch=task.epoch, status=status.value, due_at=due_at, entries=_plain(entries)
            )
        )

    async def approvals(self, task: Task) -> list[ApprovalRecord]:
        """What was asked about it, the newest first."""
        async with self._database.single_statements() as connection:
            return [ApprovalRecord(**row) async for row in _queries.approvals(connection, id=task.id)]

    async def ask(self, task: Task, question: Question, due_at: datetime, entries: Sequence[Entry]) -> UUID:
        """Ask people, and wait for them."""
        approval_id = new_id()
        async with self._database.transaction(None) as connection:
            await self._rest(connection, task, Status.WAITING_APPROVAL, due_at, entries)
            await _queries.withdraw(connection, id=task.id)
            await _queries.ask(
                connection, id=approval_id, org_id=task.org_id, task_id=task.id, requester_id=task.user_id,
                course_id=task.course_id, plan_hash=question.plan_hash, kinds=sorted(question.kinds),
                covers=question.covers, draft=list(question.draft), reasons=list(question.reasons),
                roles=sorted(question.roles), escalates_to=sorted(question.escalates_to),
                escalates_at=question.escalates_at, expires_at=question.expires_at,
            )  # fmt: skip
            told = {"kinds": sorted(question.kinds), "steps": sorted(question.covers), "approval_id": approval_id}
            await audit.append(connection, [_entry(task, "approval.asked", plan_hash=question.plan_hash.hex(), **told)])
            await self._mail(connection, approval_id, question.kinds, question.expires_at, again=False)
        return approval_id

    async def escalate(self, task: Task, approval: ApprovalRecord, due_at: datetime, entries: Sequence[Entry]) -> None:
        """Widen who is asked, and go on waiting."""
        async with self._database.transaction(None) as connection:
            await self._rest(connection, task, Status.WAITING_APPROVAL, due_at, entries)
            await _queries.escalate(connection, id=approval.id)
            await audit.append(connection, [_entry(task, "approval.escalated", approval_id=approval.id)])
            await self._mail(connection, approval.id, approval.kinds, approval.expires_at, again=True)

    async def _mail(
        self, connection: Connection, id: UUID, kinds: Collection[str], expires_at: datetime, *, again: bool
    ) -> None:
        mail = mailing.asking(self._base_url, id, kinds, expires_at, again=again)
        await _queries.mail_approvers(
            connection, id=id, quiet=mailing.QUIET, limit=mailing.MOST_MAILS, subject=mail.subject, body=mail.body
        )

    async def end(
        self, task: Task, status: Status, *, result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None, ended: Ended | None = None, failed_position: int | None = None,
        decisions: Sequence[Mapping[str, Any]] = (), subjects: Collection[UUID] = (), entries: Sequence[Entry],
        event: Event, record: Record | None = None,
    ) -> None:  # fmt: skip
        """The end of it, with what its last step gave, its event and what is audited, in one statement. Questions that
        are still open are closed. What the task took in all is the row's to say, in the event too."""
        outcome: Outcome = "done" if status is Status.SUCCEEDED else "failed"
        told = {"status": status.value, "reason": error["type"] if error else None}
        audited = [replace(_entry(task, "agent_task.ended", **told), outcome=outcome)]
        if record is not None:
            audited.insert(0, record.entry)
        if ended is not None and ended.position == failed_position:
            failed_position = None  # it was done; the task fails on what comes after
        async with self._database.single_statements() as connection:
            _held(
                await _queries.end_task(
                    connection, id=task.id, epoch=task.epoch, status=status.value, result=result, error=error,
                    failed_position=failed_position, decisions=list(decisions), subjects=list(subjects),
                    entries=_plain(entries), **_gave(ended),
                    audited=[entry.body() for entry in audited], shape=record.shape if record else None,
                    verdict=record.verdict if record else None, event_id=event.id, topic=event.topic, key=event.key,
                    key_hash=key_hash(event.key), event=event.envelope(),
                )
            )  # fmt: skip

    async def role(self, task: Task) -> str | None:
        """The person's role now; None where the person or the organisation is not active."""
        async with self._database.single_statements() as connection:
            row = await _queries.account(connection, org_id=task.org_id, user_id=task.user_id)
            return None if row is None else str(row["role"])

    async def tell(self, ids: Sequence[UUID]) -> None:
        """Hint to whoever watches these tasks. Without a row to write there is nothing to flush."""
        async with self._database.single_statements() as connection:
            for start in range(0, len(ids), _NEWS_PER_NOTICE):
                payload = ",".join(one.hex for one in ids[start : start + _NEWS_PER_NOTICE])
                await _queries.hint(connection, channel=NEWS_CHANNEL, payload=payload)


async def anything_due(database: Database) -> bool:
    """Whether a task waits to be taken up."""
    async with database.single_statements() as connection:
        return bool(await _queries.anything_due(connection))


async def mail_owed(database: Database, base_url: str, limit: int) -> int:
    """Mail up to `limit` people about requests that came too soon after another for a mail. Returns how many."""
    mail = mailing.waiting(base_url)
    async with database.transaction(None) as connection:
        await _queries.owe_no_more(connection, quiet=mailing.QUIET, limit=limit)
        count: int = await _queries.mail_owed(
            connection, quiet=mailing.QUIET, limit=limit, subject=mail.subject, body=mail.body
        )
        return count


async def forget_ended(database: Database, age: timedelta, limit: int) -> int:
    """Delete up to `limit` tasks that ended longer ago than `age`. Returns how many."""
    async with database.transaction(None) as connection:
        count: int = await _queries.forget_ended(connection, age=age, limit=limit)
        return count


def _entry(task: Task, action: str, **details: Any) -> audit.Entry:
    return audit.Entry(
        org_id=task.org_id, action=action, source="agents", actor=task.user_id, role=task.role, subject=task.id,
        details={"kind": task.kind, "acting": f"task:{task.id}", **details},
    )  # fmt: skip


def _gave(ended: Ended | None) -> dict[str, Any]:
    return {
        "ended_position": ended.position if ended else None,
        "output": ended.output if ended else None,
        "origins": ended.origins if ended else None,
        "took_ms": ended.took_ms if ended else None,
    }


def _plain(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [entry.plain() for entry in entries]


def _held(outcome: object) -> None:
    if outcome is None:
        raise Fenced()
