"""The events that benchmarks append are such as the services publish."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from benchmarks.events.world import Course, Lives, World
from stores.events.enrollment_events import AboutEnrollment
from stores.events.envelope import key_hash
from stores.events.reading import Recorded, decode

_UNTIL = datetime(2026, 11, 2, tzinfo=UTC)


def _told(count: int) -> list[Recorded]:
    def ids(number: int) -> list[str]:
        return [str(uuid4()) for _ in range(number)]

    courses = [Course(*ids(2), unit_ids=ids(12)) for _ in range(3)]
    world = World(uuid4(), ids(20), courses)
    told = []
    for row in Lives(world, courses).rows(count, _UNTIL - timedelta(days=1), _UNTIL):
        event = decode(orjson.loads(row.envelope))
        assert event is not None
        assert (event.id, event.key, event.org_id) == (row.id, row.key, world.org_id)
        assert row.hash == key_hash(event.key)
        told.append(event)
    return told


def test_every_event_keeps_its_schema() -> None:
    kinds = Counter(event.type for event in _told(3_000))
    assert len(kinds) == 7
    assert min(kinds.values()) >= 10


def test_events_of_an_enrolment_chain() -> None:
    before: dict[UUID, tuple[Any, Any]] = {}
    for event in _told(3_000):
        if isinstance(data := event.data, AboutEnrollment):
            assert (data.previous_status, data.previous_progress) == before.get(data.enrollment_id, (None, 0))
            before[data.enrollment_id] = data.status, data.progress


def test_times_are_spread_evenly() -> None:
    told = _told(1_000)
    times = [event.time for event in told]
    assert times == sorted(times)
    assert times[0] == _UNTIL - timedelta(days=1)
    assert _UNTIL - times[-1] < timedelta(minutes=5)
