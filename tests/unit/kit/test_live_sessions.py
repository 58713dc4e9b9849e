"""Sessions from memory: whatever the order of answers and silences, memory never speaks past its lease."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.session_cache.state import Epoch, Revocation, RevocationLog, Revocations
from deployments.kit.live_sessions import LiveSessions
from deployments.kit.principal import Principal

LEASE = 0.8


def principal(session_id: UUID, issued_at: float) -> Principal:
    return Principal(uuid4(), uuid4(), "student", session_id, "t", issued_at, issued_at + 900)


class Feed:
    async def changes(self, epoch: str, cursor: str) -> Revocations:
        raise AssertionError("the machine hands answers over itself")


async def _unasked(_session: UUID) -> bool:
    raise AssertionError("memory answers here")


class Replica(RuleBasedStateMachine):
    """A model of store, feed and replica; time moves only by rule."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.log = RevocationLog()
        self.log.begin(Epoch("e0", 0.0))
        self.position = 0
        self.stream: list[Revocation] = []
        self.sessions = [uuid4() for _ in range(5)]
        self.revoked_at: dict[UUID, float] = {}
        self.replica = LiveSessions(Feed(), _unasked, LEASE, clock=lambda: self.now)
        self.cursor = ("", "")

    @rule(index=st.integers(0, 4))
    def revoke(self, index: int) -> None:
        session = self.sessions[index]
        self.position += 1
        entry = Revocation(f"{self.position}-0", session, time.time() + 900)
        self.stream.append(entry)
        self.log.add([entry], time.time())
        self.revoked_at.setdefault(session, self.now)

    @rule(delay=st.floats(0, 2))
    def answer_arrives(self, delay: float) -> None:
        asked_at = self.now
        news = self.log.since(*self.cursor)  # read after the question was sent
        self.now += delay  # and delivered late
        self.cursor = (news.epoch, news.cursor)
        self.replica.learn(news, asked_at)

    @rule(seconds=st.floats(0, 3))
    def silence(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def restart_of_the_actor(self) -> None:
        self.log = RevocationLog()
        self.log.begin(Epoch("e0", 0.0))
        self.log.add(self.stream, time.time())

    @invariant()
    def revoked_sessions_die_within_a_lease(self) -> None:
        for session, revoked_at in self.revoked_at.items():
            known = self.replica.known(principal(session, 1.0))
            if known:
                assert self.now < revoked_at + LEASE

    @invariant()
    def live_sessions_are_never_called_dead(self) -> None:
        for session in set(self.sessions) - self.revoked_at.keys():
            assert self.replica.known(principal(session, 1.0)) is not False


TestReplica = Replica.TestCase


def test_tokens_older_than_the_stores_memory_prove_nothing() -> None:
    replica = LiveSessions(Feed(), _unasked, LEASE, clock=lambda: 0.0)
    replica.learn(Revocations("e1", 500.0, "0-0", True, {}), asked_at=0.0)
    assert replica.known(principal(uuid4(), 499.0)) is None
    assert replica.known(principal(uuid4(), 500.0)) is True
