"""The life of an enrolment: a state machine without stores.

Seats: an active learner holds one. Waiting, completing, dropping out and expiring hold none, so a learner who
completes makes room like one who leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from deployments.enrollments.errors import IllegalTransition


class Status(StrEnum):
    """The state of an enrolment; the values are stored and shown."""

    WAITLISTED = "waitlisted"
    ACTIVE = "active"
    COMPLETED = "completed"
    DROPPED = "dropped"
    EXPIRED = "expired"


class Action(StrEnum):
    """What can be asked of an enrolment."""

    ENROL = "enrol"  # with a seat
    WAIT = "wait"  # without one
    PROMOTE = "promote"
    STUDY = "study"  # whatever moves progress
    UPGRADE = "upgrade"  # to the newest version of the course
    COMPLETE = "complete"
    DROP = "drop"
    EXPIRE = "expire"


# Every legal transition; None is a learner who never enrolled in the course.
TRANSITIONS: Mapping[tuple[Status | None, Action], Status] = {
    (None, Action.ENROL): Status.ACTIVE,
    (None, Action.WAIT): Status.WAITLISTED,
    (Status.WAITLISTED, Action.PROMOTE): Status.ACTIVE,
    (Status.WAITLISTED, Action.DROP): Status.DROPPED,
    (Status.ACTIVE, Action.STUDY): Status.ACTIVE,
    (Status.ACTIVE, Action.UPGRADE): Status.ACTIVE,
    (Status.ACTIVE, Action.COMPLETE): Status.COMPLETED,
    (Status.ACTIVE, Action.DROP): Status.DROPPED,
    (Status.ACTIVE, Action.EXPIRE): Status.EXPIRED,
    (Status.DROPPED, Action.ENROL): Status.ACTIVE,
    (Status.DROPPED, Action.WAIT): Status.WAITLISTED,
    (Status.EXPIRED, Action.ENROL): Status.ACTIVE,
    (Status.EXPIRED, Action.WAIT): Status.WAITLISTED,
}


def allowed(status: Status | None, action: Action) -> bool:
    """Whether the table has the transition."""
    return (status, action) in TRANSITIONS


def after(status: Status | None, action: Action) -> Status:
    """The state that the action leads to. Raises `IllegalTransition`, which names the states."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        raise IllegalTransition(
            status=str(status or "none"),
            action=str(action),
            allowed_from=sorted(str(source or "none") for source, possible in TRANSITIONS if possible is action),
        ) from None
