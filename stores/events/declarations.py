"""What an event type is declared with, and the kinds of fields its data is made of.

Readers pass over fields they do not know, so that a publisher may add some within a version; publishers may not send
what is not declared. Ids, figures and fixed words only: no names, no addresses, nothing a person wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

Topic = Literal["user_events", "course_events", "enrollment_events", "ai_events", "analytics_events"]
TOPICS: tuple[Topic, ...] = get_args(Topic)

KeyedBy = Literal["person", "learner", "invitation", "organisation", "course"]
# The field of the data that says whose order an event keeps.
KEY_FIELDS: dict[KeyedBy, str] = {
    "person": "user_id",
    "learner": "user_id",
    "invitation": "invitation_id",
    "organisation": "organisation_id",
    "course": "course_id",
}

Role = Literal["student", "instructor", "org_admin", "platform_admin", "auditor"]
EnrollmentStatus = Literal["waitlisted", "active", "completed", "dropped", "expired"]

# Decimals travel as strings, which keeps every digit.
_PERCENT = {"type": "string", "pattern": r"^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)$", "description": "0 to 100"}
_POINTS = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}
_MONEY = {"type": "string", "pattern": r"^[0-9]{1,8}(\.[0-9]{1,2})?$", "description": "In the currency of the course"}
Percent: TypeAlias = Annotated[Decimal, Field(ge=0, le=100), WithJsonSchema(_PERCENT)]
Points: TypeAlias = Annotated[Decimal, Field(ge=0), WithJsonSchema(_POINTS)]
Money: TypeAlias = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2), WithJsonSchema(_MONEY)]
Count: TypeAlias = Annotated[int, Field(ge=0, le=2**53)]  # exact in every reader of JSON
Rating: TypeAlias = Annotated[int, Field(ge=1, le=5)]
Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$")]
Time: TypeAlias = AwareDatetime


class EventData(BaseModel):
    """What an event says."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AboutPerson(EventData):
    user_id: UUID


class AboutCourse(EventData):
    course_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One type of event in one version of its schema."""

    name: str
    version: int = 1
    topic: Topic
    keyed_by: KeyedBy
    description: str
    data: type[EventData]

    @property
    def type(self) -> str:
        """The name with its version, as publishers and tables have it."""
        return f"{self.name}.v{self.version}"
