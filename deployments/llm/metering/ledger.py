"""What is reserved and what is settled, in PostgreSQL: durable before a model is asked, exact over all replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from stores import events
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "ledger.sql")
_SETTLE = "select llm_settle($1, $2, $3)"
TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A call at the most that it can come to. `kind` is what is asked for: chat or embeddings. `task_id` is the task of
    an agent that is charged with it, whichever service asks the model for it.
    """

    id: UUID
    org_id: UUID
    user_id: UUID | None
    key_id: UUID | None
    course_id: UUID | None
    feature: str
    kind: str
    model: str
    provider: str
    target: str
    input_tokens: int
    output_tokens: int
    microdollars: int
    began_at: datetime
    expires_at: datetime
    task_id: UUID | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a call came to at one target, or from memory."""

    provider: str
    target: str
    requests: int
    failed: int
    cached: int
    input_tokens: int
    output_tokens: int
    microdollars: int


_RESERVED = tuple(field.name for field in fields(Reservation))
_LINE = tuple(field.name for field in fields(Line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a call came to. `reserved`: whether it was reserved before; `outcome` is for the event; `budgets`: whether
    there were any when it began, so that settling need not find out."""

    call: Reservation
    reserved: bool
    lines: tuple[Line, ...]
    outcome: str
    latency_ms: int
    budgets: bool = False

    @property
    def counts(self) -> bool:
        """Whether it came to something that budgets count as a request."""
        return any(line.requests > line.failed for line in self.lines)

    @property
    def tokens(self) -> int:
        return sum(line.input_tokens + line.output_tokens for line in self.lines)

    @property
    def microdollars(self) -> int:
        return sum(line.microdollars for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The budget that a call might exceed, as it stands. `renewed_at` None: it never is. Where it is what a task may
    cost, `period` is `TASK` and `budget_id` the task's.
    """

    budget_id: UUID
    unit: str
    period: str
    maximum: int
    spent: int
    reserved: int
    wanted: int
    renewed_at: datetime | None

    @property
    def may_pass(self) -> bool:
        """Whether only calls in progress stand in the way."""
        return self.spent + self.wanted <= self.maximum


class Ledger:
    """Statements of one organisation's calls. `alone` must be true where it has budgets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def reserve(
        self, org_id: UUID, calls: Sequence[Reservation], *, alone: bool
    ) -> dict[UUID, Refusal | None] | None:
        """Reserve each call and charge its task with it, or say why not; None: there are budgets, so `alone` has to be
        true. A transaction of its own.
        """
        items = [_fields(call, _RESERVED) for call in calls]
        rows = [row async for row in _queries.reserve(self._connection, org_id=org_id, alone=alone, items=items)]
        return {row["id"]: _refusal(row) for row in rows} if rows else None

    async def settle(
        self, org_id: UUID, settlements: Sequence[Settlement], told: Mapping[UUID, events.Event], *, alone: bool
    ) -> set[UUID]:
        """End reservations and add what calls came to, have tasks pay that instead of what they were charged with, and
        tell of those that count: not of one that was given up for lost and counted then. Gives their ids. A transaction
        of its own. Raises `StoreConflict` where there are budgets and it is not `alone`.
        """
        items = [_item(settlement) for settlement in settlements]
        return await events.append_of(self._connection, _SETTLE, (org_id, alone, items), told)

    async def overdue(self, limit: int) -> list[Reservation]:
        """Reservations of all organisations that nobody settled in time."""
        return [Reservation(**row) async for row in _queries.overdue(self._connection, limit=limit)]

    async def forget_counters(self) -> int:
        """Delete counters of periods that are over."""
        return int(await _queries.forget_counters(self._connection))

    async def forget_transcripts(self, limit: int) -> int:
        """Delete transcripts whose time is over."""
        return int(await _queries.forget_transcripts(self._connection, limit=limit))


def _fields(of: Reservation | Line, names: tuple[str, ...]) -> dict[str, Any]:
    # Not `asdict`, which copies every id and time deeply; every call pays for this.
    return {name: getattr(of, name) for name in names}


def _refusal(row: Any) -> Refusal | None:
    if row["budget_id"] is None:
        return None
    return Refusal(**{name: value for name, value in row.items() if name != "id"})


def _item(settlement: Settlement) -> dict[str, Any]:
    call = settlement.call
    return {
        "id": call.id,
        "reserved": settlement.reserved,
        "began_at": call.began_at,
        "user_id": call.user_id,
        "key_id": call.key_id,
        "feature": call.feature,
        "model": call.model,
        "task_id": call.task_id,
        "requests": int(settlement.counts),
        "tokens": settlement.tokens,
        "microdollars": settlement.microdollars,
        "lines": [_fields(line, _LINE) for line in settlement.lines],
    }
