"""The life of a task. Pure.

    queued ──────► running ──┬─► succeeded | failed | refused
      ▲              │  ▲    │
      │   (approved, │  │    └─► waiting_approval | waiting_time
      └──── edited)  └──┴────────────── due ──┘

Whatever has not ended can be cancelled; what failed or was cancelled can be tried once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING_APPROVAL = "waiting_approval"
    WAITING_TIME = "waiting_time"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """The five stages, and the end of them."""

    ANALYSIS = "analysis"
    PLAN = "plan"
    CHECK = "check"
    EXECUTION = "execution"
    VALIDATION = "validation"
    ENDED = "ended"


ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.REFUSED, Status.CANCELLED})
RETRIABLE = frozenset({Status.FAILED, Status.CANCELLED})

NEXT: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED}),
    Status.RUNNING: frozenset(
        {Status.RUNNING, Status.WAITING_APPROVAL, Status.WAITING_TIME, Status.QUEUED}
        | {Status.SUCCEEDED, Status.FAILED, Status.REFUSED, Status.CANCELLED}
    ),
    Status.WAITING_APPROVAL: frozenset({Status.RUNNING, Status.QUEUED, Status.REFUSED, Status.CANCELLED}),
    Status.WAITING_TIME: frozenset({Status.RUNNING, Status.CANCELLED}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset({Status.QUEUED}),
    Status.REFUSED: frozenset(),
    Status.CANCELLED: frozenset({Status.QUEUED}),
}
