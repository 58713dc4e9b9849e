"""Reading from a broker that has no patience, and that knows no bounds either.

Asked for what is not there yet it answers at once, and asked for a little it sends all it has. So nothing is fetched
by guess: the broker is asked how far its partitions reach, and then those are fetched that reach further than we have
read, one after the other where they have much. All others are paused meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_END, KafkaException, Message, TopicPartition

from stores.kafka.connection import ANSWER_SECONDS

Place = tuple[str, int]


class Reach(NamedTuple):
    """From where to where a partition is to be read."""

    start: int
    end: int


_AT_ONCE = 500
# What is there comes within this, as a rule. A partition that had nothing after all, as where only the mark of a
# transaction's end is left, is left alone until it reaches further, or for so long.
_COME_SECONDS = 0.05
_ALONE_SECONDS = 1.0
_STEP_SECONDS = 0.005
_PAUSE_SECONDS = 0.1


class Looks:
    """Reads what is assigned to `consumer`, from `starts` on where nothing of it was read yet.

    To be used by one thread. Before anything else is assigned, `forget` is to be called.
    """

    def __init__(self, consumer: Any, starts: Mapping[Place, int]) -> None:
        self._consumer = consumer
        self._starts = starts
        self._open: dict[Place, Reach] = {}
        self._in_vain: dict[tuple[Place, int], float] = {}  # up to where, and until when that holds
        self._order: list[Place] = [_place(one) for one in consumer.assignment()]
        self._pause(self._order)

    def batches(self, limit: int, wait_seconds: float) -> Iterator[list[Message]]:
        """What is there, errors among it, at most `limit`; after one empty look nothing. Raises `KafkaException`."""
        if not self._open and not self._look(limit):
            yield _list(self._consumer.poll(min(wait_seconds, _PAUSE_SECONDS)))  # no message, but deals and errors
            return
        until = monotonic() + _COME_SECONDS
        while self._open and limit > 0 and monotonic() < until:
            if messages := self._next(min(limit, _AT_ONCE)):
                limit -= len(messages)
                until = monotonic() + _COME_SECONDS
                yield messages
            self._close_what_was_read()
        if limit > 0:
            self._give_up()

    def forget(self) -> None:
        """Nothing is paused any more."""
        with suppress(KafkaException):  # of what is not ours any more
            self._consumer.resume(self._consumer.assignment())

    def _look(self, limit: int) -> bool:
        """Open what reaches further than was read, until that may be `limit` messages."""
        wanted, now = 0, monotonic()
        for place, end in self._ends().items():
            position = self._position(place)
            # One that ends before our position has lost what it had: to be fetched, for the client to tell us.
            reach = Reach(position, max(end, position + 1))
            if end != position and wanted < limit and self._in_vain.get((place, reach.end), now) <= now:
                self._open[place] = reach
                wanted += reach.end - position
        if self._open:
            self._consumer.resume([TopicPartition(*place) for place in self._open])
            with suppress(KafkaException):  # any answer has the client look what else there is to do
                self._consumer.list_topics(self._order[0][0], timeout=_COME_SECONDS)
        # Who was not opened is first the next time.
        self._order.sort(key=lambda place: place in self._open)
        return bool(self._open)

    def _ends(self) -> dict[Place, int]:
        told = self._consumer.offsets_for_times(
            [TopicPartition(*place, OFFSET_END) for place in self._order], timeout=ANSWER_SECONDS
        )
        return {_place(one): one.offset for one in told if one.error is None}

    def _next(self, limit: int) -> list[Message]:
        # Asked for many, the client waits until it has them all: so for one, then for what else is there.
        found = _list(self._consumer.poll(_STEP_SECONDS))
        if found and limit > 1:
            found += self._consumer.consume(limit - 1, timeout=0)
        return found

    def _close_what_was_read(self) -> None:
        self._close([place for place, reach in self._open.items() if self._is_read(place, reach)])

    def _give_up(self) -> None:
        now = monotonic()
        still = {which: until for which, until in self._in_vain.items() if until > now}
        self._in_vain = still | {(place, reach.end): now + _ALONE_SECONDS for place, reach in self._open.items()}
        self._close(self._open)

    def _is_read(self, place: Place, reach: Reach) -> bool:
        # A transaction's end is a mark behind its last message, which is passed with the next: not worth waiting for.
        position = self._position(place)
        return position >= reach.end or (position == reach.end - 1 and position > reach.start)

    def _close(self, places: Collection[Place]) -> None:
        self._pause(places)
        self._open = {place: reach for place, reach in self._open.items() if place not in places}

    def _pause(self, places: Collection[Place]) -> None:
        # Nothing is lost by it: a partition goes on after the last message that was returned.
        if places:
            self._consumer.pause([TopicPartition(*place) for place in places])

    def _position(self, place: Place) -> int:
        (found,) = self._consumer.position([TopicPartition(*place)])
        at: int = found.offset
        return at if at >= 0 else self._starts.get(place, 0)


def _place(one: TopicPartition) -> Place:
    return one.topic, one.partition


def _list(message: Message | None) -> list[Message]:
    return [message] if message is not None else []
