"""A broker that gives all it has is read without loss, in order, no more at once than there is need for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from stores.kafka import looks
from stores.kafka.looks import Looks, Place

SHARES: list[Place] = [("a", 0), ("a", 1), ("b", 0)]


class Said:
    """A message, as far as it matters here."""

    def __init__(self, place: Place, offset: int) -> None:
        self.place, self._offset = place, offset

    def offset(self) -> int:
        return self._offset

    def error(self) -> None:
        return None


class Boundless:
    """A client and its broker: whatever is not paused is fetched to its end, whenever the client is asked."""

    def __init__(self, starts: dict[Place, int]) -> None:
        self.ends = dict.fromkeys(starts, 0)
        self._next = dict(starts)  # what to fetch
        self._position: dict[Place, int] = {}
        self._running = set(starts)
        self._queue: deque[Said] = deque()
        self.most_queued = 0

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(*place) for place in self.ends]

    def pause(self, parts: Sequence[TopicPartition]) -> None:
        for place in _places(parts):
            self._running.discard(place)
            self._queue = deque(one for one in self._queue if one.place != place)
            self._next[place] = self._position.get(place, self._next[place])

    def resume(self, parts: Sequence[TopicPartition]) -> None:
        self._running |= set(_places(parts))

    def position(self, parts: Sequence[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(*place, self._position.get(place, OFFSET_INVALID)) for place in _places(parts)]

    def offsets_for_times(self, parts: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        return [TopicPartition(*place, self.ends[place]) for place in _places(parts)]

    def list_topics(self, topic: str, timeout: float) -> None:
        self._fetch()

    def poll(self, timeout: float) -> Said | None:
        self._fetch()
        return next(iter(self._take(1)), None)

    def consume(self, count: int, timeout: float) -> list[Said]:
        return self._take(count)

    def _fetch(self) -> None:
        for place in sorted(self._running):
            self._queue.extend(Said(place, offset) for offset in range(self._next[place], self.ends[place]))
            self._next[place] = max(self._next[place], self.ends[place])
        self.most_queued = max(self.most_queued, len(self._queue))

    def _take(self, count: int) -> list[Said]:
        taken = [self._queue.popleft() for _ in range(min(count, len(self._queue)))]
        for one in taken:
            self._position[one.place] = one.offset() + 1
        return taken


def _places(parts: Sequence[TopicPartition]) -> list[Place]:
    return [(one.topic, one.partition) for one in parts]


def read(reader: Looks, limit: int) -> list[Any]:
    return [message for batch in reader.batches(limit, 0.0) for message in batch]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "_ALONE_SECONDS", 0.0)
    monkeypatch.setattr(looks, "_COME_SECONDS", 0.01)


@given(
    rounds=st.lists(st.tuples(st.sampled_from(SHARES), st.integers(1, 40), st.integers(1, 25)), max_size=12),
    starts=st.fixed_dictionaries({share: st.integers(0, 5) for share in SHARES}),
)
def test_everything_comes_once_and_in_order(rounds: list[tuple[Place, int, int]], starts: dict[Place, int]) -> None:
    broker = Boundless(starts)
    broker.ends = dict(starts)
    reader, found = Looks(broker, starts), []
    for place, more, limit in rounds:
        broker.ends[place] += more
        got = read(reader, limit)
        assert len(got) <= limit
        found += got
    for _ in range(3 * len(rounds) + 40):
        found += read(reader, 25)
    for place, start in starts.items():
        assert [one.offset() for one in found if one.place == place] == list(range(start, broker.ends[place]))


def test_of_many_full_partitions_only_as_many_are_fetched_as_are_wanted() -> None:
    starts = {("a", number): 0 for number in range(16)}
    broker = Boundless(starts)
    reader = Looks(broker, starts)
    broker.ends = dict.fromkeys(starts, 1_000)
    found = 0
    while got := read(reader, 1_500):
        found += len(got)
    assert found == 16_000
    assert broker.most_queued <= 2_500


def test_each_partition_has_its_turn() -> None:
    starts = {("a", number): 0 for number in range(4)}
    broker = Boundless(starts)
    reader = Looks(broker, starts)
    broker.ends = dict.fromkeys(starts, 100)
    met = set()
    for _ in range(8):
        met |= {one.place for one in read(reader, 100)}
        broker.ends = {place: end + 100 for place, end in broker.ends.items()}
    assert met == set(starts)


def test_what_ends_before_it_was_read_to_is_fetched_for_the_client_to_tell() -> None:
    starts = {("a", 0): 50}
    broker = Boundless(starts)
    reader = Looks(broker, starts)
    broker.ends = {("a", 0): 10}
    read(reader, 5)
    assert read(reader, 5) == []
    reader.forget()
    assert broker._running == {("a", 0)}
