"""Entries of the log as Kafka's messages: CloudEvents in structured mode, with position and type in headers.

The type is in the body as well; from the header it is known without reading what is of no interest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson
from confluent_kafka import Message

from stores.event_log.types import START, Entry, Position
from stores.events import name_of

CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
POSITION_HEADER = "position"
TYPE_HEADER = "ce_type"
_POSITION = re.compile(rb"([0-9]{1,19})-([0-9]{1,19})")
_GREATEST = 2**63 - 1  # of a bigint


def message_of(entry: Entry) -> dict[str, Any]:
    """What to hand a producer besides the topic: key, value, partition, headers."""
    body = entry.body
    key, kind = (None, None) if isinstance(body, bytes) else (body.get("partitionkey"), body.get("type"))
    return {
        "key": str(key).encode() if key is not None else None,
        "value": body if isinstance(body, bytes) else orjson.dumps(body),
        "partition": entry.partition,
        "headers": [
            ("content-type", CONTENT_TYPE),
            (POSITION_HEADER, f"{entry.position.xid}-{entry.position.seq}".encode()),
            *([(TYPE_HEADER, kind.encode())] if isinstance(kind, str) else []),
        ],
    }


def entry_of(message: Message, topic: str, names: frozenset[str] | None = None) -> Entry:
    """A message of the event log's `topic`. One that no relay wrote has no position: `START`, and the bare bytes. Where
    its event is not of `names` (None: all are wanted) it has no body."""
    headers = message.headers() or ()
    position = position_in(headers)
    entry = Entry(topic, message.partition(), position or START, message.offset(), b"")
    if position is None:
        return entry._replace(body=message.value() or b"")
    if names is not None and (kind := _type_in(headers)) is not None and name_of(kind) not in names:
        return entry._replace(wanted=False)
    body = _object(message.value() or b"")
    wanted = names is None or not isinstance(body, dict) or name_of(body.get("type")) in names
    return entry._replace(body=body, wanted=wanted)


def position_in(headers: Iterable[tuple[str, Any]]) -> Position | None:
    """The position that a relay gave; None where there is none that makes sense."""
    for name, value in headers:
        if name == POSITION_HEADER and isinstance(value, bytes) and (parts := _POSITION.fullmatch(value)):
            found = Position(int(parts[1]), int(parts[2]))
            return found if found > START and max(found) <= _GREATEST else None
    return None


def _type_in(headers: Iterable[tuple[str, Any]]) -> str | None:
    return next(
        (value.decode(errors="replace") for name, value in headers if name == TYPE_HEADER and isinstance(value, bytes)),
        None,
    )


def _object(value: bytes) -> Any:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return found if isinstance(found, dict) else value
