"""A broker that gives all it has is read without loss, in order, no more at once than there is need for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from stores.kafka import looks
from stores.kafka.looks import Looks, Place

SHARES: list[Place] = [("a", 0), ("a", 1), ("b", 0)]


class Said:
    """A message, as far as it matters here; `is_mark` is the end of a transaction, which nobody is given."""

    def __init__(self, place: Place, offset: int, *, is_mark: bool = False) -> None:
        self.place, self._offset, self.is_mark = place, offset, is_mark

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self._offset


class Boundless:
    """A client and its broker: whatever is not paused is fetched to its end, and comes `late_seconds` afterwards. Time
    goes on while something is waited for, and only then."""

    def __init__(self, starts: dict[Place, int], late_seconds: float = 0.0) -> None:
        self.now = 0.0
        self.ends = dict(starts)
        self.marks: set[tuple[Place, int]] = set()
        self.faults: dict[Place, KafkaError] = {}
        self.is_away = False
        self.most_queued = 0
        self.running = set(starts)
        self._starts = starts
        self._late_seconds = late_seconds
        self._next = dict(starts)
        self._position: dict[Place, int] = {}
        self._queue: list[tuple[float, Said]] = []

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(*place) for place in self.ends]

    def pause(self, parts: Sequence[TopicPartition]) -> None:
        for place in _places(parts):
            self.running.discard(place)
            self._queue = [(at, one) for at, one in self._queue if one.place != place]
            self._next[place] = self._position.get(place, self._starts[place])

    def resume(self, parts: Sequence[TopicPartition]) -> None:
        self.running |= set(_places(parts))

    def position(self, parts: Sequence[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(*place, self._position.get(place, OFFSET_INVALID)) for place in _places(parts)]

    def offsets_for_times(self, parts: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
        if self.is_away:
            self.now += timeout
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        told = [TopicPartition(*place, self.ends[place]) for place in _places(parts)]
        return [_Faulty(one, self.faults[place]) if (place := (one.topic, one.partition)) in self.faults else one
                for one in told]  # fmt: skip

    def list_topics(self, topic: str, timeout: float) -> None:
        self._fetch()

    def poll(self, timeout: float) -> Said | None:
        self._fetch()
        found = self._take(1)
        if not found:
            self.now += timeout
        return next(iter(found), None)

    def consume(self, count: int, timeout: float) -> list[Said]:
        return self._take(count)

    def _fetch(self) -> None:
        for place in sorted(self.running):
            for offset in range(self._next[place], self.ends[place]):
                said = Said(place, offset, is_mark=(place, offset) in self.marks)
                self._queue.append((self.now + self._late_seconds, said))
            self._next[place] = max(self._next[place], self.ends[place])
        self.most_queued = max(self.most_queued, len(self._queue))

    def _take(self, count: int) -> list[Said]:
        taken: list[Said] = []
        while self._queue and self._queue[0][0] <= self.now and len(taken) < count:
            _, one = self._queue.pop(0)
            if not one.is_mark:
                taken.append(one)
                self._position[one.place] = one.offset() + 1
        return taken


class _Faulty:
    def __init__(self, one: TopicPartition, error: KafkaError) -> None:
        self.topic, self.partition, self.offset, self.error = one.topic, one.partition, -1, error


def _places(parts: Sequence[TopicPartition]) -> list[Place]:
    return [(one.topic, one.partition) for one in parts]


class Reading:
    """Looks at a broker whose clock is the only one."""

    def __init__(self, starts: dict[Place, int], late_seconds: float = 0.0) -> None:
        self.broker = Boundless(starts, late_seconds)
        self.troubles: list[KafkaError] = []
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(looks, "monotonic", lambda: self.broker.now)
        self.looks = Looks(self.broker, starts, self.troubles.append)

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.patch.undo()

    def read(self, limit: int) -> list[Any]:
        return [message for batch in self.looks.batches(limit, 0.5) for message in batch]

    def read_for(self, seconds: float, limit: int = 100) -> list[Any]:
        found, until = [], self.broker.now + seconds
        while self.broker.now < until:
            found += self.read(limit)
        return found


@given(
    rounds=st.lists(st.tuples(st.sampled_from(SHARES), st.integers(1, 40), st.integers(1, 25)), max_size=12),
    starts=st.fixed_dictionaries({share: st.integers(0, 5) for share in SHARES}),
    late_seconds=st.sampled_from([0.0, 0.02, 0.06, 0.3]),
)
def test_everything_comes_once_and_in_order(
    rounds: list[tuple[Place, int, int]], starts: dict[Place, int], late_seconds: float
) -> None:
    with Reading(starts, late_seconds) as reading:
        found = []
        for place, more, limit in rounds:
            reading.broker.ends[place] += more
            got = reading.read(limit)
            assert len(got) <= limit
            found += got
        found += reading.read_for(20)
        for place, start in starts.items():
            offsets = [one.offset() for one in found if one.place == place]
            assert offsets == list(range(start, reading.broker.ends[place]))


def test_a_broker_that_takes_seconds_is_waited_for_in_the_end() -> None:
    with Reading({("a", 0): 0}, late_seconds=3.0) as reading:
        reading.broker.ends = {("a", 0): 20}
        assert len(reading.read_for(200)) == 20


def test_of_many_full_partitions_only_as_many_are_fetched_as_are_wanted() -> None:
    starts = {("a", number): 0 for number in range(16)}
    with Reading(starts) as reading:
        reading.broker.ends = dict.fromkeys(starts, 1_000)
        assert len(reading.read_for(5, 1_500)) == 16_000
        assert reading.broker.most_queued <= 2_500


def test_each_partition_has_its_turn() -> None:
    starts = {("a", number): 0 for number in range(4)}
    with Reading(starts) as reading:
        reading.broker.ends = dict.fromkeys(starts, 100)
        met = set()
        for _ in range(8):
            met |= {one.place for one in reading.read(100)}
            reading.broker.ends = {place: end + 100 for place, end in reading.broker.ends.items()}
        assert met == set(starts)


def test_a_slow_partition_does_not_hold_up_another() -> None:
    starts = {("a", 0): 0, ("a", 1): 0}
    with Reading(starts) as reading:
        reading.broker.ends[("a", 0)] = 1
        reading.broker.marks = {(("a", 0), 0)}  # nothing will come of it
        reading.read_for(60)
        reading.broker.ends[("a", 1)] = 5
        before = reading.broker.now
        assert len(reading.read(100)) == 5
        assert reading.broker.now - before < 0.2


def test_where_only_a_mark_is_left_it_is_asked_for_more_and_more_seldom() -> None:
    starts = {("a", 0): 0}
    with Reading(starts) as reading:
        reading.broker.ends, reading.broker.marks = {("a", 0): 1}, {(("a", 0), 0)}
        running = 0.0
        for _ in range(20_000):
            before = reading.broker.now
            assert reading.read(10) == []
            running += (reading.broker.now - before) if reading.broker.running else 0.0
        assert reading.broker.now > 600
        assert running < 0.1 * reading.broker.now


def test_what_ends_before_it_was_read_to_is_fetched_for_the_client_to_tell() -> None:
    starts = {("a", 0): 50}
    with Reading(starts) as reading:
        reading.broker.ends = {("a", 0): 10}
        resumed = []
        reading.patch.setattr(reading.broker, "resume", lambda parts: resumed.extend(_places(parts)))
        assert reading.read(5) == []
        assert resumed == [("a", 0)]


def test_a_broker_that_is_away_or_knows_no_partition_is_told_of_and_then_read_on() -> None:
    starts = {("a", 0): 0, ("a", 1): 0}
    with Reading(starts) as reading:
        reading.broker.ends = {("a", 0): 3, ("a", 1): 3}
        reading.broker.is_away = True
        assert reading.read(10) == []
        reading.broker.is_away = False
        reading.broker.faults = {("a", 0): KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)}
        assert [one.place for one in reading.read(10)] == [("a", 1)] * 3
        reading.broker.faults = {}
        assert [one.place for one in reading.read_for(1)] == [("a", 0)] * 3
        codes = [error.code() for error in reading.troubles]
        assert codes == [KafkaError._TIMED_OUT, KafkaError.UNKNOWN_TOPIC_OR_PART]


def test_once_ended_nothing_is_touched_also_in_the_midst_of_reading() -> None:
    starts = {("a", 0): 0}
    with Reading(starts) as reading:
        reading.broker.ends = {("a", 0): 2_000}
        batches = reading.looks.batches(2_000, 0.5)
        next(batches)
        paused: list[Place] = []
        reading.patch.setattr(reading.broker, "pause", lambda parts: paused.extend(_places(parts)))
        reading.looks.end()
        assert list(batches) == []
        assert paused == []
