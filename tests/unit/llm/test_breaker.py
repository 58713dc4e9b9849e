"""The circuit breaker keeps its promises under any history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from deployments.llm.breaker import Breaker, Permit


def failing(breaker: Breaker, times: int, now: float = 0.0) -> None:
    for _ in range(times):
        permit = breaker.take(now)
        assert permit is not None
        breaker.failed(permit, now)


def test_five_failures_open_it_and_a_probe_closes_it() -> None:
    breaker = Breaker()
    failing(breaker, 4)
    assert breaker.ready(0)
    failing(breaker, 1)
    assert not breaker.ready(1.9)
    assert breaker.wait_seconds(0.5) == 1.5
    probe = breaker.take(2.0)
    assert probe == Permit(probe=True)
    assert breaker.take(2.0) is None, "one probe at a time"
    breaker.succeeded(probe, 2.1)
    assert breaker.take(2.1) == Permit(probe=False)


def test_each_failed_probe_doubles_the_rest_up_to_a_minute() -> None:
    breaker, now, rests = Breaker(), 0.0, []
    failing(breaker, 5)
    for _ in range(7):
        rests.append(breaker.wait_seconds(now))
        now += rests[-1]
        probe = breaker.take(now)
        assert probe is not None
        breaker.failed(probe, now)
    assert rests == [2, 4, 8, 16, 32, 60, 60]


def test_a_minority_of_failures_does_not_open_it() -> None:
    breaker = Breaker()
    for number in range(100):
        permit = breaker.take(number / 10)
        assert permit is not None
        (breaker.failed if number % 3 == 0 else breaker.succeeded)(permit, number / 10)


def test_old_failures_are_forgotten() -> None:
    breaker = Breaker()
    failing(breaker, 4)
    failing(breaker, 4, now=61.0)
    assert breaker.ready(61.0)


def test_a_target_that_asks_for_rest_gets_it_without_a_probe_after() -> None:
    breaker = Breaker()
    breaker.rest(30.0)
    assert breaker.take(29.9) is None
    assert breaker.take(30.0) == Permit(probe=False)


@given(st.lists(st.booleans(), max_size=60))
def test_success_alone_never_opens_it(outcomes: list[bool]) -> None:
    breaker = Breaker()
    for at, asked in enumerate(outcomes):
        if asked and (permit := breaker.take(float(at))):
            breaker.succeeded(permit, float(at))
    assert breaker.ready(float(len(outcomes)))


class Histories(RuleBasedStateMachine):
    """Calls begin, end and are abandoned in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = 0.0
        self.running: list[Permit] = []

    @rule(seconds=st.floats(0, 90))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        ready = self.breaker.ready(self.now)
        permit = self.breaker.take(self.now)
        assert (permit is not None) == ready
        if permit is not None:
            self.running.append(permit)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "abandoned"]))
    def end(self, data: st.DataObject, outcome: str) -> None:
        permit = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        if outcome == "abandoned":
            self.breaker.abandoned(permit)
        else:
            getattr(self.breaker, outcome)(permit, self.now)

    @invariant()
    def at_most_one_probe(self) -> None:
        assert sum(permit.probe for permit in self.running) <= 1

    @invariant()
    def never_shut_for_good(self) -> None:
        if not any(permit.probe for permit in self.running):
            assert self.breaker.ready(self.now + 60.0)


TestHistories = Histories.TestCase
