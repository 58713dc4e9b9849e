"""What the governance service takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from learning.governance.constitution import Constitution
from stores.decisions import AutomatedKind


class EntryView(BaseModel):
    """One entry of the audit log. `hash` chains it to the one before."""

    number: int
    recorded_at: datetime
    action: str
    source: str
    outcome: str
    actor: str | None = Field(description="The id of who did it; null for the platform and for strangers")
    role: str | None
    subject: str | None = Field(description="The id of whom or what it was done to")
    trace: str | None = Field(description="The W3C trace id of the request")
    details: dict[str, Any]
    hash: str


class HeadView(BaseModel):
    """Where the log ends. `token` is a JWS over it, by a key of `keys`; null while there is no entry."""

    number: int
    hash: str
    token: str | None
    waiting: int = Field(description="Entries that are written and not chained yet")


class AuditKeys(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class CheckView(BaseModel):
    """A check, and what an organisation may choose about it."""

    name: str
    constraint: str
    description: str
    places: list[str]
    actions: list[str]
    default: str
    parameters: dict[str, Bounds]


class Bounds(BaseModel):
    """A figure that an organisation may set."""

    mildest: int
    default: int
    strictest: int


class CheckList(BaseModel):
    items: list[CheckView]


class InForceView(BaseModel):
    """The constitution that is in force. Number 0 is the one that the platform comes with."""

    number: int
    digest: str
    activated_by: UUID | None
    activated_at: datetime | None
    document: Constitution


class Proposal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    document: Constitution = Field(description="Its `version` is set to the number that it gets")
    note: str = Field(default="", max_length=500, description="Why, for whoever reads it later")


class VersionSummary(BaseModel):
    number: int
    digest: str
    note: str
    proposed_by: UUID
    proposed_at: datetime
    in_force: bool


class VersionView(VersionSummary):
    document: Constitution


class VersionList(BaseModel):
    items: list[VersionSummary]


class ChangedVerdict(BaseModel):
    """A past plan that the tried version judges differently."""

    task_id: UUID
    judged_at: datetime
    before: Literal["allow", "approval", "refuse"]
    after: Literal["allow", "approval", "refuse"]
    approvals: list[str] = Field(description="The kinds that it would wait for")
    checks: list[str] = Field(description="The checks whose findings decide")


class TrialView(BaseModel):
    """What the tried version makes of the newest plans, beside the one in force."""

    plans: int = Field(description="How many were tried, the newest five hundred at the most")
    allowed: int
    waiting: int
    refused: int
    changed: int
    examples: list[ChangedVerdict] = Field(description="Up to fifty of the changed ones, the newest first")


CheckView.model_rebuild()


class MeasureView(BaseModel):
    """Figures of groups, never of people; those over fewer than twenty are withheld."""

    kind: AutomatedKind
    measured_on: date
    measured_at: datetime
    decisions: int
    verdict: Literal["fine", "alert", "stop"]
    report: dict[str, Any]


class StopView(BaseModel):
    """Why decisions of a kind are, or were, stopped. `stopped_by` is null where the figures did it."""

    kind: AutomatedKind
    stopped_at: datetime
    stopped_by: UUID | None
    reason: str
    figures: dict[str, float] = Field(description="Those beyond their limits")


class DecisionView(BaseModel):
    """One kind of automated decision. `stop` is null where it is not stopped."""

    kind: AutomatedKind
    measure: MeasureView | None
    stop: StopView | None


class DecisionList(BaseModel):
    items: list[DecisionView]


class MeasureList(BaseModel):
    items: list[MeasureView]


class StopNow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: AutomatedKind
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1_000, strip_whitespace=True)]


class Release(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: AutomatedKind
    note: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1_000, strip_whitespace=True),
        Field(description="Why decisions may go on"),
    ]
