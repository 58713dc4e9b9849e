"""Entries of the log as Kafka's messages: CloudEvents in structured mode, with their position in a header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from confluent_kafka import Message

from stores.event_log.types import START, Entry, Position

CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
POSITION_HEADER = "position"
_POSITION = re.compile(rb"([0-9]{1,19})-([0-9]{1,19})")
_GREATEST = 2**63 - 1  # of a bigint


def message_of(entry: Entry) -> dict[str, Any]:
    """What to hand a producer besides the topic: key, value, partition, headers."""
    body = entry.body
    key = None if isinstance(body, bytes) else body.get("partitionkey")
    return {
        "key": str(key).encode() if key is not None else None,
        "value": body if isinstance(body, bytes) else orjson.dumps(body),
        "partition": entry.partition,
        "headers": [
            ("content-type", CONTENT_TYPE),
            (POSITION_HEADER, f"{entry.position.xid}-{entry.position.seq}".encode()),
        ],
    }


def entry_of(message: Message, topic: str) -> Entry:
    """A message of the event log's `topic`. One that no relay wrote has no position: `START`, and the bare bytes."""
    position = position_in(message.headers() or ())
    value = message.value() or b""
    body = _object(value) if position is not None else value
    return Entry(topic, message.partition(), position or START, message.offset(), body)


def position_in(headers: Iterable[tuple[str, Any]]) -> Position | None:
    """The position that a relay gave; None where there is none that makes sense."""
    for name, value in headers:
        if name == POSITION_HEADER and isinstance(value, bytes) and (parts := _POSITION.fullmatch(value)):
            found = Position(int(parts[1]), int(parts[2]))
            return found if found > START and max(found) <= _GREATEST else None
    return None


def _object(value: bytes) -> Any:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return found if isinstance(found, dict) else value
