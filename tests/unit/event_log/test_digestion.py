"""Decoding whatever the log holds, and finding the events that a handler fails on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from stores.errors import StoreUnavailable
from stores.event_log.digestion import batches, digest, faulty, handle_apart
from stores.event_log.types import START, Batch, Entry, Position
from stores.ids import new_id
from stores.postgres import Connection

VERSIONS = {partition: 10 + partition for partition in range(3)}


def envelope(subject: str = "s") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(new_id()),
        "type": "azora.course.deleted.v1",
        "source": "/courses",
        "subject": subject,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": "k",
        "orgid": str(new_id()),
        "data": {"course_id": str(new_id())},
    }


def entry(body: Any, number: int = 1, partition: int = 0) -> Entry:
    return Entry("t", partition, Position(7, number), None, body)


words = st.text(max_size=20)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(envelope())), json), st.dictionaries(words, json, max_size=2))
def test_nothing_stops_the_log(changes: dict[str, Any], additions: dict[str, Any]) -> None:
    item = digest(entry(envelope() | additions | changes))
    assert not (item.event and item.fault)
    if item.fault:
        item.fault.detail.encode()
        assert "\x00" not in item.fault.detail
        assert len(item.fault.detail) <= 2_000


def test_events_of_newer_software_are_passed_over() -> None:
    item = digest(entry(envelope() | {"type": "azora.telescope.pointed.v1"}))
    assert (item.event, item.fault) == (None, None)
    assert batches([item], VERSIONS) == []


def test_what_has_no_place_in_the_log_is_set_aside() -> None:
    [rejected] = faulty([digest(Entry("t", 0, START, 5, envelope()))])
    assert rejected.fault.reason == "no-position"


class Savepoints:
    """A connection that knows savepoints alone: what was handled since one is undone."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.tried: list[str] = []

    async def execute(self, sql: str) -> None:
        if sql.startswith("rollback"):
            self.tried.clear()
        elif sql.startswith("release"):
            self.kept += self.tried
            self.tried.clear()


class Picky:
    """Fails on some subjects, however they come."""

    consumer, topics = "c", frozenset({"t"})

    def __init__(self, poison: Collection[str], error: Exception) -> None:
        self.poison, self.error = poison, error

    async def handle(self, connection: Connection, found: Sequence[Batch]) -> None:
        for batch in found:
            assert batch.version == VERSIONS[batch.partition]
            for event in batch.events:
                if event.subject in self.poison:
                    raise self.error
                cast(Savepoints, connection).tried.append(event.subject)

    def forget(self, partitions: Collection[int]) -> None:
        assert partitions


@given(st.integers(0, 40), st.data())
async def test_exactly_the_poison_is_found(count: int, data: st.DataObject) -> None:
    subjects = [str(number) for number in range(count)]
    poison = set(data.draw(st.lists(st.sampled_from(subjects)))) if subjects else set()
    items = [digest(entry(envelope(subject), number, number % 3)) for number, subject in enumerate(subjects)]
    connection = Savepoints()
    handler = Picky(poison, ValueError("no"))
    rejected = await handle_apart(cast(Connection, connection), handler, items, VERSIONS)
    assert {one.item.event.subject for one in rejected if one.item.event} == poison
    assert sorted(connection.kept, key=int) == [subject for subject in subjects if subject not in poison]
    assert {one.fault for one in rejected} <= {("handler-failed", "ValueError: no")}


async def test_what_can_work_later_is_held_against_no_event() -> None:
    items = [digest(entry(envelope("a")))]
    try:
        await handle_apart(cast(Connection, Savepoints()), Picky("a", StoreUnavailable()), items, VERSIONS)
    except StoreUnavailable:
        return
    raise AssertionError
