"""CloudEvents 1.0 envelopes, and the events that publishers put in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from stores.events.catalogue import CATALOGUE
from stores.events.declarations import KEY_FIELDS, EventData, Topic
from stores.events.errors import InvalidEvent
from stores.ids import new_id

TYPE_PREFIX = "azora."


class Envelope(BaseModel):
    """A CloudEvents 1.0 event in JSON format, structured mode.

    `partitionkey`, `orgid` and `traceparent` are extension attributes; others are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: UUID
    type: str = Field(description=f"`{TYPE_PREFIX}<noun>.<past participle>.v<version>`")
    source: str = Field(min_length=1, max_length=255)
    subject: str = Field(max_length=255)
    time: AwareDatetime
    datacontenttype: Literal["application/json"]
    partitionkey: str = Field(min_length=1, max_length=255, description="Events of one key keep their order")
    orgid: UUID = Field(description="The organisation (tenant)")
    traceparent: str | None = Field(default=None, max_length=255, description="W3C trace context of the request")
    data: dict[str, Any]


def key_hash(key: str) -> int:
    """32 bits of a key; in SQL `('x' || substr(md5(key), 1, 8))::bit(32)::bigint`."""
    return int.from_bytes(md5(key.encode(), usedforsecurity=False).digest()[:4], "big")


def partition_of(key: str, partitions: int) -> int:
    """Which of so many partitions the events of a key are in."""
    return key_hash(key) % partitions


def names_of(*kinds: type[EventData]) -> frozenset[str]:
    """The types, as envelopes have them but without a version, of events whose data is of one of the kinds, as
    `isinstance` has it."""
    return frozenset(TYPE_PREFIX + declared.name for declared in CATALOGUE.values() if issubclass(declared.data, kinds))


def name_of(type: object) -> object:
    """What an envelope has as its type, without the version."""
    return type.rpartition(".")[0] if isinstance(type, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, of a type that the catalogue declares.

    `type` is `<noun>.<past participle>.v<schema version>`; `key` keeps one learner's events in order; `data` may be
    given with UUIDs, decimals and times, and holds what JSON has for them. Raises `InvalidEvent` where it breaks the
    type's schema.
    """

    topic: Topic
    type: str
    source: str
    subject: str
    key: str
    org_id: UUID
    data: dict[str, Any]
    traceparent: str | None = None
    id: UUID = field(default_factory=new_id)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        declared = CATALOGUE.get(self.type)
        if declared is None or declared.topic != self.topic:
            raise InvalidEvent("undeclared-type", f"{self.type} on {self.topic}")
        try:
            given = declared.data.model_validate(self.data, extra="forbid")
        except ValidationError as error:
            raise InvalidEvent.of("invalid-data", error) from error
        data = given.model_dump(mode="json", exclude_unset=True)
        if data[KEY_FIELDS[declared.keyed_by]] not in (self.key, None):
            raise InvalidEvent("wrong-key", f"{self.type} is keyed by the {declared.keyed_by}")
        object.__setattr__(self, "data", data)

    def envelope(self) -> dict[str, Any]:
        """The structured-mode JSON object."""
        envelope = {
            "specversion": "1.0",
            "id": str(self.id),
            "type": f"{TYPE_PREFIX}{self.type}",
            "source": self.source,
            "subject": self.subject,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "partitionkey": self.key,
            "orgid": str(self.org_id),
            "data": self.data,
        }
        if self.traceparent:
            envelope["traceparent"] = self.traceparent
        return envelope
