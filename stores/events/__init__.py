"""The event log's vocabulary: what may be said, how it is written to the outbox, how it is read back."""

from stores.events.catalogue import CATALOGUE
from stores.events.declarations import TOPICS, EventData, EventType, Topic
from stores.events.envelope import Event, name_of, names_of, partition_of
from stores.events.outbox import append, append_of
from stores.events.reading import InvalidEvent, Recorded, decode

__all__ = [
    "CATALOGUE",
    "TOPICS",
    "Event",
    "EventData",
    "EventType",
    "InvalidEvent",
    "Recorded",
    "Topic",
    "append",
    "append_of",
    "decode",
    "name_of",
    "names_of",
    "partition_of",
]
