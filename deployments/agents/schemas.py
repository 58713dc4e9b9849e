"""What the agents service takes and gives. Money is US dollars, as models are priced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actors.agent.kinds.base import AnyKind
from actors.agent.plan import MAXIMUM_STEPS, Storable
from actors.agent.state import Stage, Status
from actors.agent.tools import TOOLS
from deployments.agents.repository.tasks import Row
from deployments.kit.times import Moment

_MICRODOLLARS = Decimal(1_000_000)
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
PlanHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000, decimal_places=6, allow_inf_nan=False)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Budget(_Request):
    """What the task may use up at the most."""

    steps: int = Field(default=30, ge=1, le=MAXIMUM_STEPS)
    tokens: int = Field(default=100_000, ge=0, le=10_000_000)
    dollars: Dollars = Field(default=Decimal(1), examples=["0.50"])


class NewTask(_Request):
    """`input` is what the kind takes, see `/api/agents/kinds`."""

    kind: Word
    input: dict[Annotated[str, StringConstraints(max_length=64)], Storable] = Field(max_length=64)
    budget: Budget = Field(default_factory=Budget)
    deadline: Moment | None = Field(default=None, description="At most 30 days ahead; default: 7 days")


class Retry(_Request):
    deadline: Moment | None = Field(default=None, description="Default: as before, or 7 days where that is over")


class Answer(_Request):
    """`plan_hash` is that of the plan you have seen: an answer counts for that one only."""

    plan_hash: PlanHash


class Refusal(Answer):
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True, pattern=r"^[^\x00]*$")
    ]


class Edit(Answer):
    """Other values for arguments, by step and name; those that `editable` lists."""

    changes: dict[Word, Annotated[dict[Word, Storable], Field(min_length=1)]] = Field(
        min_length=1, max_length=MAXIMUM_STEPS
    )


class ToolView(BaseModel):
    name: str
    description: str
    permission: str
    effect: str
    data: list[str]
    approval: str | None = Field(description="The kind of approval it falls under")


class KindView(BaseModel):
    """A kind of task; `input_schema` is JSON Schema."""

    name: str
    title: str
    description: str
    tools: list[ToolView]
    input_schema: dict[str, Any]

    @classmethod
    def of(cls, kind: AnyKind) -> Self:
        tools = [TOOLS[name] for name in sorted(kind.tools)]
        return cls(
            name=kind.name,
            title=kind.title,
            description=kind.description,
            input_schema=kind.input.model_json_schema(),
            tools=[
                ToolView(
                    name=tool.name, description=tool.description, permission=tool.permission, effect=tool.effect,
                    data=sorted(tool.data), approval=tool.approval,
                )
                for tool in tools
            ],
        )  # fmt: skip


class KindList(BaseModel):
    items: list[KindView]


class TaskView(BaseModel):
    """A task as it is now."""

    id: UUID
    user_id: UUID = Field(description="Who asked for it")
    course_id: UUID | None
    kind: str
    status: Status
    stage: Stage
    attempt: int
    plan_hash: str | None
    tokens: int
    cost_dollars: Decimal
    deadline: datetime
    due_at: datetime | None = Field(description="When it is looked at next; null once it has ended")
    error: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def fields_of(cls, row: Row) -> dict[str, Any]:
        named = {name: row[name] for name in TaskView.model_fields if name in row.keys()}  # noqa: SIM118 - a record
        return {
            **named,
            "plan_hash": row["plan_hash"].hex() if row["plan_hash"] else None,
            "cost_dollars": Decimal(row["cost_microdollars"]) / _MICRODOLLARS,
        }

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(**cls.fields_of(row))


class StepView(BaseModel):
    """A step; `origins` tells of each field of the output where it comes from."""

    position: int
    key: str
    tool: str
    status: str
    tries: int
    arguments: dict[str, Any] | None
    output: dict[str, Any] | None
    origins: dict[str, list[str]] | None
    decision: dict[str, Any] | None
    error: dict[str, Any] | None
    begun_at: datetime | None
    ended_at: datetime | None
    took_ms: int | None = Field(description="Its tool, with all tries, in milliseconds")


class ApprovalSummary(BaseModel):
    """A question about a task, and the answer."""

    id: UUID
    kinds: list[str]
    status: str
    plan_hash: str
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    expires_at: datetime
    escalated_at: datetime | None
    created_at: datetime

    @classmethod
    def fields_of(cls, row: Row) -> dict[str, Any]:
        named = {name: row[name] for name in ApprovalSummary.model_fields}
        return {**named, "plan_hash": row["plan_hash"].hex()}

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(**cls.fields_of(row))


class TaskDetail(TaskView):
    """A task with its plan, its steps and what they gave, what was decided and what was asked."""

    input: dict[str, Any]
    plan: dict[str, Any] | None
    plan_revision: int
    steps: list[StepView]
    decisions: list[dict[str, Any]]
    approvals: list[ApprovalSummary]
    subjects: list[UUID] = Field(description="People besides the asker whose data it is to touch or has touched")
    result: dict[str, Any] | None
    budget: dict[str, Any]

    @classmethod
    def of_parts(cls, row: Row, steps: list[Row], approvals: list[Row]) -> Self:
        return cls(
            **cls.fields_of(row),
            **{name: row[name] for name in ("input", "plan", "plan_revision", "decisions", "subjects", "result")},
            steps=[StepView(**step) for step in steps],
            approvals=[ApprovalSummary.of(approval) for approval in approvals],
            budget={
                "steps": row["maximum_steps"],
                "tokens": row["maximum_tokens"],
                "dollars": str(Decimal(row["maximum_cost_microdollars"]) / _MICRODOLLARS),
            },
        )


class ApprovalView(ApprovalSummary):
    """What you are asked. `draft` has the steps that wait for you, with the arguments they would be called with."""

    task_id: UUID
    requester_id: UUID
    course_id: UUID | None
    task_kind: str
    draft: list[dict[str, Any]]
    reasons: list[dict[str, Any]]

    @classmethod
    def fields_of(cls, row: Row) -> dict[str, Any]:
        more = {name: row[name] for name in ("task_id", "requester_id", "course_id", "draft", "reasons")}
        return {**ApprovalSummary.fields_of(row), **more, "task_kind": row["kind"]}


class ApprovalDetail(ApprovalView):
    """With the task's input and plan, whose data it touches, and what the steps so far have given."""

    input: dict[str, Any]
    plan: dict[str, Any]
    subjects: list[UUID]
    steps: list[StepView]

    @classmethod
    def of_parts(cls, row: Row, steps: list[Row]) -> Self:
        more: Mapping[str, Any] = {name: row[name] for name in ("input", "plan", "subjects")}
        return cls(**cls.fields_of(row), **more, steps=[StepView(**step) for step in steps])
