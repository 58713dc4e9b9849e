"""Events as their readers meet them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from stores.events.catalogue import CATALOGUE, NAMES
from stores.events.declarations import EventData
from stores.events.envelope import TYPE_PREFIX, Envelope
from stores.events.errors import InvalidEvent

__all__ = ["InvalidEvent", "Recorded", "decode"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event read back. `type` is without the prefix, `time` in UTC, `envelope` as it was read."""

    id: UUID
    type: str
    org_id: UUID
    source: str
    subject: str
    key: str
    time: datetime
    data: EventData
    envelope: Mapping[str, Any]


def decode(envelope: Mapping[str, Any]) -> Recorded | None:
    """The event in an envelope; None where the catalogue has no type of that name, which newer software may.

    Raises `InvalidEvent` for a malformed envelope, a known name in an unknown version, and data that breaks the schema.
    """
    type = envelope.get("type")
    if not isinstance(type, str):
        raise InvalidEvent("malformed-envelope", "type: a string is required")
    declared = CATALOGUE.get(type.removeprefix(TYPE_PREFIX)) if type.startswith(TYPE_PREFIX) else None
    if declared is None:
        _require_foreign(type)
        return None
    try:
        read = Envelope.model_validate(envelope)
        time = read.time.astimezone(UTC)
    except ValidationError as error:
        raise InvalidEvent.of("malformed-envelope", error) from error
    except OverflowError as error:
        raise InvalidEvent("malformed-envelope", "time: out of range") from error
    try:
        data = declared.data.model_validate(read.data)
    except ValidationError as error:
        raise InvalidEvent.of("invalid-data", error) from error
    return Recorded(
        id=read.id,
        type=declared.type,
        org_id=read.orgid,
        source=read.source,
        subject=read.subject,
        key=read.partitionkey,
        time=time,
        data=data,
        envelope=envelope,
    )


def _require_foreign(type: str) -> None:
    name = type.removeprefix(TYPE_PREFIX).rpartition(".")[0]
    if type.startswith(TYPE_PREFIX) and name in NAMES:
        raise InvalidEvent("unknown-version", type)
