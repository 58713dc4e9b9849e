"""The loop of a member, with a source and a taker that do as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.errors import StoreUnavailable
from stores.event_log.backoff import Backoff
from stores.event_log.claims import Fenced
from stores.event_log.consumer import Member
from stores.event_log.digestion import Item
from stores.event_log.flushing import Outcome
from stores.event_log.types import Claim, Entry, Position
from stores.postgres import Database

NOW = timedelta(0)
ONE, TWO = Claim(1, 1), Claim(2, 1)


class Source:
    """Entries by number, from wherever it was rewound to."""

    def __init__(self, count: int = 0) -> None:
        self.held: dict[int, Claim] = {1: ONE}
        self.entries = [Entry("t", 1, Position(1, number), None, {}) for number in range(1, count + 1)]
        self.next = 0
        self.committed = 0
        self.limits: list[int] = []
        self.closed = False

    async def claims(self) -> Mapping[int, Claim]:
        return self.held

    async def poll(self, limit: int, wait: timedelta) -> Sequence[Entry]:
        self.limits.append(limit)
        found = self.entries[self.next : self.next + limit]
        self.next += len(found)
        if not found:
            await asyncio.sleep(min(wait.total_seconds(), 0.01))
        return found

    async def rewind(self) -> None:
        self.next = self.committed

    async def close(self) -> None:
        self.closed = True


class Taker:
    """Writes down what it takes, after the errors it was given."""

    consumer = "c"

    def __init__(self, source: Source, *errors: Exception) -> None:
        self.source = source
        self.errors = list(errors)
        self.taken: list[int] = []
        self.times: list[float] = []
        self.forgotten: list[int] = []

    def forget(self, partitions: Collection[int]) -> None:
        self.forgotten += partitions

    def digest(self, entry: Entry) -> Item:
        return Item(entry, None)

    async def flush(self, items: Sequence[Item], held: Mapping[int, Claim]) -> Outcome:
        if self.errors:
            raise self.errors.pop(0)
        self.taken += [item.entry.position.seq for item in items]
        self.times.append(monotonic())
        self.source.committed = items[-1].entry.position.seq
        return Outcome(len(items), 0, 0)

    async def replay(self, held: Collection[Claim], limit: int) -> Outcome:
        raise AssertionError("nothing asked for")


def member(source: Source, taker: Taker, *, limit: int = 4, min_interval: timedelta = NOW) -> Member:
    found = Member(cast(Database, None), source, taker, limit=limit, min_interval=min_interval)
    found._replays.due_at = found._measurements.due_at = float("inf")  # those need a database
    return found


@asynccontextmanager
async def running(subject: Member) -> Any:
    stop = asyncio.Event()
    task = asyncio.create_task(subject.run(stop))
    yield
    stop.set()
    async with asyncio.timeout(1):
        await task


@pytest.mark.parametrize("error", [StoreUnavailable(), Fenced(), ZeroDivisionError()])
async def test_nothing_is_lost_or_taken_twice_when_a_round_fails(error: Exception) -> None:
    source = Source(10)
    taker = Taker(source, error, error)
    async with running(member(source, taker)):
        await asyncio.sleep(0.6)
    assert taker.taken == list(range(1, 11))
    assert taker.forgotten.count(1) >= 2
    assert source.closed


class Fickle(Source):
    """Whose polls fail, too, and take a while: only one at a time."""

    def __init__(self, count: int, fails: Sequence[bool]) -> None:
        super().__init__(count)
        self.fails = list(fails)
        self.busy = False

    async def poll(self, limit: int, wait: timedelta) -> Sequence[Entry]:
        assert not self.busy
        self.busy = True
        try:
            await asyncio.sleep(0)
            if self.fails and self.fails.pop(0):
                raise StoreUnavailable
            return await super().poll(limit, wait)
        finally:
            self.busy = False

    async def claims(self) -> Mapping[int, Claim]:
        assert not self.busy
        return await super().claims()

    async def rewind(self) -> None:
        assert not self.busy
        await super().rewind()


class Slow(Taker):
    """Takes its time, so that there is some to read ahead in, and fails at its end or, where False, does not."""

    def __init__(self, source: Source, fails: Sequence[bool]) -> None:
        super().__init__(source)
        self.fails = list(fails)

    async def flush(self, items: Sequence[Item], held: Mapping[int, Claim]) -> Outcome:
        for _ in range(4):
            await asyncio.sleep(0)
        if self.fails and self.fails.pop(0):
            raise StoreUnavailable
        return await super().flush(items, held)


@given(st.integers(0, 60), st.lists(st.booleans(), max_size=9), st.lists(st.booleans(), max_size=9))
async def test_reading_ahead_neither_loses_nor_repeats(count: int, polls: list[bool], flushes: list[bool]) -> None:
    source = Fickle(count, polls)
    taker = Slow(source, flushes)
    subject = member(source, taker)
    for _ in range(count + 2 * len(polls) + 2 * len(flushes) + 1):
        with suppress(StoreUnavailable):
            await subject.turn(NOW)
    assert taker.taken == list(range(1, count + 1))


async def test_a_failure_to_read_ahead_undoes_nothing_of_what_was_taken() -> None:
    source = Fickle(12, [False, True])
    taker = Slow(source, [])
    subject = member(source, taker)
    assert await subject.turn(NOW) == 4
    assert taker.taken == [1, 2, 3, 4]
    assert taker.forgotten == []
    assert await subject.turn(NOW) == 4
    assert source.limits == [4, 4, 4]  # no smaller for it
    assert await subject.turn(NOW) == 4
    assert taker.taken == list(range(1, 13))


async def test_what_else_breaks_as_it_is_read_ahead_is_not_hidden() -> None:
    class Garbled(Slow):
        def digest(self, entry: Entry) -> Item:
            if entry.position.seq == 5:
                raise ZeroDivisionError
            return super().digest(entry)

    source = Source(12)
    with pytest.raises(ZeroDivisionError):
        await member(source, Garbled(source, [])).turn(NOW)


async def test_what_was_read_ahead_of_a_lost_partition_is_dropped() -> None:
    source = Source(8)
    taker = Taker(source)
    subject = member(source, taker)
    await subject.turn(NOW)
    source.held, source.next = {1: Claim(1, 9)}, 6  # somebody else took two in between
    await subject.turn(NOW)
    assert taker.taken == [1, 2, 3, 4, 7, 8]


async def test_batches_shrink_after_failures_and_grow_again() -> None:
    source = Source(40)
    subject = member(source, Taker(source, StoreUnavailable(), StoreUnavailable()), limit=8)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await subject.turn(NOW)
    for _ in range(3):
        await subject.turn(NOW)
    assert source.limits == [8, 4, 2, 4, 8, 8]  # the last one reads ahead


async def test_a_partition_that_was_lost_is_forgotten_even_if_it_came_back() -> None:
    source = Source()
    taker = Taker(source)
    subject = member(source, taker)
    source.held = {1: ONE, 2: TWO}
    await subject.turn(NOW)
    source.held = {1: Claim(1, 9), 2: TWO}
    await subject.turn(NOW)
    assert taker.forgotten == [1]
    assert subject.figures.partitions == 2


async def test_entries_of_a_partition_that_is_not_held_are_not_taken() -> None:
    source = Source(3)
    source.held = {2: TWO}
    taker = Taker(source)
    with pytest.raises(Fenced):
        await member(source, taker).turn(NOW)
    assert taker.taken == []


async def test_flushes_keep_their_distance_unless_batches_are_full() -> None:
    source = Source(13)
    taker = Taker(source)
    began = monotonic()
    async with running(member(source, taker, limit=4, min_interval=timedelta(seconds=0.2))):
        await asyncio.sleep(0.05)
        assert len(taker.taken) == 13  # three full ones and the rest, at once
        source.entries.append(Entry("t", 1, Position(1, 14), None, {}))
        await asyncio.sleep(0.4)
    assert taker.taken[-1] == 14
    assert taker.times[-1] - began >= 0.18


async def test_a_cancellation_that_comes_out_as_another_error_ends_it() -> None:
    class Swallowing(Taker):
        async def flush(self, items: Sequence[Item], held: Mapping[int, Claim]) -> Outcome:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise StoreUnavailable from None
            raise AssertionError

    source = Source(1)
    task = asyncio.create_task(member(source, Swallowing(source)).run(asyncio.Event()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(1):
            await task
    assert source.closed


async def test_it_stops_at_once_while_it_waits() -> None:
    source = Source(1)
    subject = member(source, Taker(source, *[StoreUnavailable()] * 50))
    async with running(subject):
        await asyncio.sleep(1)
    assert 3 <= subject.figures.failures <= 8


def test_waits_grow_up_to_five_seconds() -> None:
    backoff = Backoff()
    waits = [backoff.next_seconds() for _ in range(60)]
    assert 0.05 <= waits[0] <= 0.1
    assert all(2.5 <= wait <= 5 for wait in waits[10:])
    backoff.reset()
    assert backoff.next_seconds() <= 0.1
