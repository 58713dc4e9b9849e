"""Progress of the embedded servers, told to whoever started them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened to a server."""

    NOTE = "note"  # worth knowing, for example where the data is kept
    STARTING = "starting"
    READY = "ready"
    EXITED = "exited"  # died without having been asked to
    RESTARTING = "restarting"
    RESTART_FAILED = "restart_failed"  # another attempt follows
    STOPPING = "stopping"
    STOPPED = "stopped"
    KILLED = "killed"  # did not stop in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step in the life of a server.

    Attributes:
        service: "postgres" or "valkey".
        message: one sentence for a person.
        seconds: how long the step took or, for RESTARTING, the delay before it; None where neither applies.
    """

    kind: EventKind
    service: str
    message: str
    seconds: float | None = None


EventHook = Callable[[Event], None]
