"""Reading from a broker that has no patience, and that knows no bounds either.

Asked for what is not there yet it answers at once, and asked for a little it sends all it has. So nothing is fetched
by guess: the broker is asked how far its partitions reach, and then those are fetched that reach further than we have
read, only so many as are needed. All others are paused meanwhile. A partition that is fetched is read to where it
reached: to leave it halfway would have the broker send the rest again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from time import monotonic
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_END, KafkaError, KafkaException, Message, TopicPartition

Place = tuple[str, int]

_AT_ONCE = 500
_ANSWER_SECONDS = 1.0
_STEP_SECONDS = 0.005
_PAUSE_SECONDS = 0.1
# How long something is waited for, as a rule: what is there comes within this. From a partition that gave nothing it is
# twice as long the next time, up to five seconds; in between it is left alone for twenty times as long, or until it
# reaches further. Where only the mark of a transaction's end is left there is nothing to come.
_COME_SECONDS = 0.05
_COME_AT_MOST_SECONDS = 5.0
_ALONE = 20


class Reach(NamedTuple):
    """From where to where a partition is to be read, and until when the next message of it is waited for."""

    start: int
    end: int
    until: float


class Vain(NamedTuple):
    """What came of waiting for a partition: nothing, so many times; up to `end` it is left alone for so long."""

    times: int
    end: int
    alone_until: float


class Looks:
    """Reads what is assigned to `consumer`, from `starts` on where nothing of it was read yet.

    To be used by one thread, and `end`ed before anything else is assigned; also from a callback, while it reads. What
    the broker says instead of answering goes to `on_trouble`.
    """

    def __init__(self, consumer: Any, starts: Mapping[Place, int], on_trouble: Callable[[KafkaError], None]) -> None:
        self._consumer = consumer
        self._starts = starts
        self._on_trouble = on_trouble
        self._order: list[Place] = [_place(one) for one in consumer.assignment()]
        self._open: dict[Place, Reach] = {}
        self._vain: dict[Place, Vain] = {}
        self._is_dry = True  # nothing is waiting in the client
        self._is_over = False
        self._pause(self._order)

    def batches(self, limit: int, wait_seconds: float) -> Iterator[list[Message]]:
        """What is there, errors among it, at most `limit`. Where there is nothing, after a pause, of `wait_seconds` at
        the most. Raises `KafkaException`."""
        if self._is_dry or not self._open:
            self._look(limit)
        if not self._open:
            yield _list(self._consumer.poll(min(wait_seconds, _PAUSE_SECONDS)))  # no message, but deals and errors
            return
        quiet_at = monotonic() + _COME_SECONDS
        while self._open and limit > 0 and monotonic() < quiet_at:
            messages = self._next(min(limit, _AT_ONCE))
            self._is_dry = not messages
            if messages:
                limit -= len(messages)
                quiet_at = monotonic() + _COME_SECONDS
                yield messages
                self._note(messages)
            self._close([place for place, reach in self._open.items() if self._is_read(place, reach)])
        if self._is_dry:
            self._give_up()

    def end(self) -> None:
        """Touch nothing any more. What is paused stays so: whoever reads it next looks, too."""
        self._is_over = True
        self._open.clear()

    def _look(self, limit: int) -> None:
        """Open what reaches further than was read, until that may be `limit` messages."""
        now = monotonic()
        wanted = sum(reach.end - self._position(place) for place, reach in self._open.items())
        opened = []
        for place, end in self._ends().items():
            position, vain = self._position(place), self._vain.get(place, Vain(0, -1, 0.0))
            is_alone = vain.end == end and now < vain.alone_until
            if end != position and wanted < limit and place not in self._open and not is_alone:
                # One that ends before our position has lost what it had: to be fetched, for the client to tell us.
                self._open[place] = Reach(position, max(end, position + 1), now + _come_seconds(vain.times))
                wanted += self._open[place].end - position
                opened.append(place)
        if opened:
            self._consumer.resume([TopicPartition(*place) for place in opened])
            self._wake()
        # Who was not opened is first the next time.
        self._order.sort(key=lambda place: place in self._open)

    def _wake(self) -> None:
        # Any answer has the client look what else there is to do.
        try:
            self._consumer.list_topics(self._order[0][0], timeout=_COME_SECONDS)
        except KafkaException as error:
            self._on_trouble(error.args[0])

    def _ends(self) -> dict[Place, int]:
        asked = [TopicPartition(*place, OFFSET_END) for place in self._order]
        try:
            told = self._consumer.offsets_for_times(asked, timeout=_ANSWER_SECONDS)
        except KafkaException as error:
            self._on_trouble(error.args[0])
            return {}
        for one in told:
            if one.error is not None:
                self._on_trouble(one.error)
        return {_place(one): one.offset for one in told if one.error is None}

    def _next(self, limit: int) -> list[Message]:
        # Asked for many, the client waits until it has them all: so for one, then for what else is there.
        found = _list(self._consumer.poll(_STEP_SECONDS))
        if found and limit > 1:
            found += self._consumer.consume(limit - 1, timeout=0)
        return found

    def _note(self, messages: Collection[Message]) -> None:
        until = monotonic() + _COME_SECONDS
        for place in {(message.topic(), message.partition()) for message in messages}:
            self._vain.pop(place, None)
            if place in self._open:
                self._open[place] = self._open[place]._replace(until=until)

    def _is_read(self, place: Place, reach: Reach) -> bool:
        # A transaction's end is a mark behind its last message, which is passed with the next: not worth waiting for.
        position = self._position(place)
        return position >= reach.end or (position == reach.end - 1 and position > reach.start)

    def _give_up(self) -> None:
        now = monotonic()
        late = {place: reach for place, reach in self._open.items() if reach.until <= now}
        for place, reach in late.items():
            times = self._vain[place].times if place in self._vain else 0
            self._vain[place] = Vain(times + 1, reach.end, now + _ALONE * _come_seconds(times))
        self._close(late)

    def _close(self, places: Collection[Place]) -> None:
        self._pause(places)
        self._open = {place: reach for place, reach in self._open.items() if place not in places}

    def _pause(self, places: Collection[Place]) -> None:
        # Nothing is lost by it: a partition goes on after the last message that was returned.
        if places and not self._is_over:
            self._consumer.pause([TopicPartition(*place) for place in places])

    def _position(self, place: Place) -> int:
        (found,) = self._consumer.position([TopicPartition(*place)])
        at: int = found.offset
        return at if at >= 0 else self._starts.get(place, 0)


def _come_seconds(times: int) -> float:
    """How long a partition is waited for that gave nothing so many times."""
    return min(_COME_SECONDS * 2.0 ** min(times, 16), _COME_AT_MOST_SECONDS)


def _place(one: TopicPartition) -> Place:
    return one.topic, one.partition


def _list(message: Message | None) -> list[Message]:
    return [message] if message is not None else []
