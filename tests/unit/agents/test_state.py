"""The life of a task as a table."""

from __future__ import annotations

from actors.agent.state import ENDED, NEXT, RETRIABLE, Status


def test_the_table_is_whole_and_ends_are_ends() -> None:
    assert NEXT.keys() == set(Status)
    for status in ENDED:
        assert NEXT[status] <= {Status.QUEUED}
        assert (status in RETRIABLE) == (Status.QUEUED in NEXT[status])


def test_whatever_has_not_ended_can_be_cancelled() -> None:
    for status in set(Status) - ENDED:
        assert Status.CANCELLED in NEXT[status]


def test_what_waits_is_only_taken_up_or_answered() -> None:
    for status in (Status.WAITING_APPROVAL, Status.WAITING_TIME):
        assert Status.SUCCEEDED not in NEXT[status]
        assert Status.RUNNING in NEXT[status]
