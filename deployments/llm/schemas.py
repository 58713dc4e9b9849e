"""What administrators of models send and get."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from deployments.kit.times import Moment
from deployments.llm.caller import TASK_FEATURE
from deployments.llm.keys import Scope

Feature = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", examples=["tutor"])]
ModelName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
Region = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Maximum = Annotated[int, Field(ge=0, le=2**53 - 1)]
Dimension = Literal["day", "user", "key", "feature", "model", "target"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SettingsChange(_In):
    """The whole of it: what is left out is what null is."""

    models: list[ModelName] | None = Field(default=None, max_length=200, description="May be asked for; null: all")
    regions: list[Region] | None = Field(
        default=None,
        max_length=50,
        description="Where conversations may go besides the cluster; null: wherever the table of models says",
    )
    cache_seconds: int | None = Field(
        default=None, ge=1, le=86_400, description="How long answers without chance are given again; null: never"
    )
    transcript_days: int | None = Field(
        default=None, ge=1, le=3_650, description="How long conversations are kept; null: they are not"
    )


class SettingsView(BaseModel):
    models: list[str] | None
    regions: list[str] | None
    cache_seconds: int | None
    transcript_days: int | None
    updated_at: datetime | None


class NewApiKey(_In):
    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    scopes: list[Scope] = Field(
        default=["chat", "embeddings"],
        min_length=1,
        max_length=3,
        description="`courses`: answers may quote every published course",
    )
    feature: Feature = Field(default="api", description="What its calls are metered under")
    expires_at: Moment | None = None

    @field_validator("feature")
    @classmethod
    def _no_task_s(cls, feature: str) -> str:
        if feature == TASK_FEATURE:
            raise ValueError("is kept for tasks of agents")
        return feature

    @field_validator("scopes")
    @classmethod
    def _each_once(cls, scopes: list[Scope]) -> list[Scope]:
        return list(dict.fromkeys(scopes))

    @field_validator("expires_at")
    @classmethod
    def _to_come(cls, value: datetime | None) -> datetime | None:
        if value is not None and value <= datetime.now(UTC):
            raise ValueError("must lie in the future")
        return value


class ApiKeyView(BaseModel):
    id: UUID
    name: str
    scopes: list[Scope]
    feature: str
    created_by: UUID
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To ten minutes")


class ShownApiKey(ApiKeyView):
    key: str = Field(description="The key itself; it is shown this once")


class NewBudgetBody(_In):
    """`user_id`, `key_id` and `feature` belong to the subject of their name. Subjects `user` and `key` without an id
    mean each of them by itself."""

    subject: Literal["organisation", "user", "key", "feature"]
    user_id: UUID | None = None
    key_id: UUID | None = None
    feature: Feature | None = None
    unit: Literal["requests", "tokens", "microdollars"]
    period: Literal["minute", "hour", "day", "month", "total"] = Field(description="In UTC")
    maximum: Maximum

    @model_validator(mode="after")
    def _belongs_to_its_subject(self) -> Self:
        for name, subject in (("user_id", "user"), ("key_id", "key"), ("feature", "feature")):
            if getattr(self, name) is not None and self.subject != subject:
                raise ValueError(f"{name} belongs to the subject {subject}")
        if self.subject == "feature" and self.feature is None:
            raise ValueError("the subject feature needs a feature")
        return self


class BudgetChange(_In):
    maximum: Maximum


class BudgetView(BaseModel):
    """`spent` and `reserved` are of the present period, by all whom the budget is about together; `most_spent` by the
    one who spent most."""

    id: UUID
    subject: Literal["organisation", "user", "key", "feature"]
    user_id: UUID | None
    key_id: UUID | None
    feature: str | None
    unit: Literal["requests", "tokens", "microdollars"]
    period: Literal["minute", "hour", "day", "month", "total"]
    maximum: int
    spent: int
    reserved: int
    most_spent: int
    renewed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class UsageGroup(BaseModel):
    """A dimension that was not asked for is null. `failed` and `cached` are of the requests."""

    day: date | None
    user_id: UUID | None
    key_id: UUID | None
    feature: str | None
    model: str | None
    target: str | None
    provider: str | None
    requests: int
    failed: int
    cached: int
    input_tokens: int
    output_tokens: int
    cost_microdollars: int


class UsageReport(BaseModel):
    """`total` is over all groups, also those beyond the limit."""

    first: date
    last: date
    total: UsageGroup
    groups: list[UsageGroup]


class TranscriptView(BaseModel):
    id: UUID
    user_id: UUID | None
    key_id: UUID | None
    model: str
    messages: list[dict[str, Any]]
    answer: dict[str, Any]
    created_at: datetime
    expires_at: datetime
