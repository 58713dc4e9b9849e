"""CloudEvents 1.0 envelopes and the outbox they are written to, in the transaction that caused them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from stores.ids import new_id
from stores.postgres import Connection

Topic = Literal["user_events", "course_events", "enrollment_events", "ai_events", "analytics_events"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, as CloudEvents 1.0 in JSON format tells it.

    `type` is `<noun>.<past participle>.v<schema version>`; `key` keeps one learner's events in order;
    `data` holds ids and figures, no names and no addresses, so that an erasure need not rewrite the log.
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

    def envelope(self) -> dict[str, Any]:
        """The structured-mode JSON object; `orgid` and `traceparent` are extension attributes."""
        envelope = {
            "specversion": "1.0",
            "id": str(self.id),
            "type": f"azora.{self.type}",
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


_APPEND = "insert into outbox (id, org_id, topic, key, event) values ($1, $2, $3, $4, $5)"


async def append(connection: Connection, events: Sequence[Event]) -> None:
    """Write events to the outbox, in order, inside the caller's transaction."""
    rows = [(e.id, e.org_id, e.topic, e.key, e.envelope()) for e in events]
    if len(rows) == 1:
        await connection.execute(_APPEND, *rows[0])
    elif rows:
        await connection.executemany(_APPEND, rows)
