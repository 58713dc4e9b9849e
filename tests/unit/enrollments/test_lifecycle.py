"""The state machine against a description of it in words, and walks through it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from deployments.enrollments.errors import IllegalTransition
from deployments.enrollments.lifecycle import TRANSITIONS, Action, Status, after, allowed

STATES = [None, *Status]


@given(st.sampled_from(STATES), st.sampled_from(list(Action)))
def test_what_is_not_in_the_table_is_refused_with_the_states_named(status: Status | None, action: Action) -> None:
    if allowed(status, action):
        assert after(status, action) is TRANSITIONS[status, action]
        return
    with pytest.raises(IllegalTransition) as refused:
        after(status, action)
    assert refused.value.status == 409
    assert refused.value.extra["enrollment_status"] == (status or "none")
    assert all(
        allowed(None if name == "none" else Status(name), action) for name in refused.value.extra["allowed_from"]
    )


def test_completion_is_final() -> None:
    assert not [action for action in Action if allowed(Status.COMPLETED, action)]


def test_only_active_learners_study_upgrade_complete_and_expire() -> None:
    for action in (Action.STUDY, Action.UPGRADE, Action.COMPLETE, Action.EXPIRE):
        assert [status for status in STATES if allowed(status, action)] == [Status.ACTIVE]


def test_every_state_can_be_reached_and_every_action_is_possible_somewhere() -> None:
    assert set(TRANSITIONS.values()) == set(Status)
    assert {action for _, action in TRANSITIONS} == set(Action)


class Life(RuleBasedStateMachine):
    """Random lives: a learner is in at most one state, and holds a seat exactly while active."""

    def __init__(self) -> None:
        super().__init__()
        self.status: Status | None = None
        self.ever_completed = False

    @rule(action=st.sampled_from(list(Action)))
    def act(self, action: Action) -> None:
        before = self.status
        try:
            self.status = after(before, action)
        except IllegalTransition:
            assert self.status is before
        self.ever_completed |= self.status is Status.COMPLETED

    @precondition(lambda self: self.status in (Status.DROPPED, Status.EXPIRED, None))
    @rule(seat=st.booleans())
    def enrol(self, seat: bool) -> None:
        self.status = after(self.status, Action.ENROL if seat else Action.WAIT)
        assert self.status is (Status.ACTIVE if seat else Status.WAITLISTED)

    @invariant()
    def completed_for_ever(self) -> None:
        assert not self.ever_completed or self.status is Status.COMPLETED


TestLife = Life.TestCase
