"""Saying what happened, and reading it back."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import md5
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.events import CATALOGUE, Event, InvalidEvent, Recorded, decode, partition_of
from stores.events.declarations import KEY_FIELDS
from stores.events.enrollment_events import SubmissionGraded
from stores.ids import new_id
from tests.unit.events.support import events

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
ERASED = {"user_id": str(new_id()), "erasure_id": str(new_id())}


def erased(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "topic": "user_events", "type": "user.erased.v1", "source": "/users", "subject": ERASED["user_id"],
        "key": ERASED["user_id"], "org_id": new_id(), "data": ERASED,
    }  # fmt: skip
    return Event(**{**fields, **changes})


@given(events)
def test_what_is_said_is_read_back(said: Event) -> None:
    read = decode(orjson.loads(orjson.dumps(said.envelope())))
    assert read is not None
    assert (read.id, read.type, read.org_id, read.key, read.time) == (
        said.id, said.type, said.org_id, said.key, said.time
    )  # fmt: skip
    assert read.data == CATALOGUE[said.type].data.model_validate(said.data)
    assert read.data.model_dump(mode="json", exclude_unset=True) == said.data


@given(events)
def test_readers_pass_over_what_publishers_may_not_add(said: Event) -> None:
    envelope = said.envelope()
    more = {**envelope, "newattribute": "x", "data": {**said.data, "new_field": 1}}
    read, known = decode(more), decode(envelope)
    assert read is not None
    assert known is not None
    assert read.data == known.data
    with pytest.raises(InvalidEvent, match="new_field"):
        Event(
            topic=said.topic, type=said.type, source="/test", subject="x", key=said.key, org_id=said.org_id,
            data=more["data"],
        )  # fmt: skip


def test_ids_decimals_and_times_become_json() -> None:
    ids = {name: new_id() for name in ("enrollment_id", "user_id", "course_id", "course_version_id")}
    said = Event(
        topic="enrollment_events", type="enrollment.created.v1", source="/x", subject="x", key=str(ids["user_id"]),
        org_id=new_id(),
        data={
            **ids, "status": "active", "progress": Decimal("0.00"), "score": None, "previous_status": None,
            "previous_progress": Decimal(0), "enrolled_at": datetime(2026, 1, 2, tzinfo=UTC), "price": Decimal("9.50"),
        },
    )  # fmt: skip
    assert said.data["user_id"] == str(ids["user_id"])
    assert (said.data["progress"], said.data["price"]) == ("0.00", "9.50")
    assert said.data["enrolled_at"] == "2026-01-02T00:00:00Z"
    assert orjson.loads(orjson.dumps(said.envelope())) == said.envelope()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "user.vanished.v1"}, "undeclared-type"),
        ({"type": "user.erased.v2"}, "undeclared-type"),
        ({"topic": "course_events"}, "undeclared-type"),
        ({"data": {"user_id": ERASED["user_id"]}}, "invalid-data"),
        ({"data": {**ERASED, "erasure_id": "secret"}}, "invalid-data"),
        ({"data": {**ERASED, "reason": "secret"}}, "invalid-data"),
        ({"key": "somebody else"}, "wrong-key"),
    ],
)
def test_what_the_catalogue_does_not_admit_is_not_said(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        erased(**changes)
    assert caught.value.reason == reason
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("missing", sorted(erased().envelope().keys() - {"traceparent"}))
def test_an_envelope_lacks_nothing(missing: str) -> None:
    envelope = erased().envelope()
    del envelope[missing]
    with pytest.raises(InvalidEvent, match=missing) as caught:
        decode(envelope)
    assert caught.value.reason == "malformed-envelope"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"specversion": "0.3"}, "malformed-envelope"),
        ({"type": 7}, "malformed-envelope"),
        ({"id": "x"}, "malformed-envelope"),
        ({"orgid": None}, "malformed-envelope"),
        ({"time": "2026-01-01T00:00:00"}, "malformed-envelope"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "malformed-envelope"),
        ({"data": []}, "malformed-envelope"),
        ({"data": {}}, "invalid-data"),
        ({"data": {**ERASED, "user_id": "\x00secret"}}, "invalid-data"),
        ({"type": "azora.user.erased.v2"}, "unknown-version"),
        ({"type": "azora.user.erased"}, None),
        ({"type": "azora.user.vanished.v1", "data": "anything"}, None),
        ({"type": "com.example.user.erased.v1"}, None),
    ],
)
def test_what_readers_refuse_and_what_is_none_of_theirs(changes: dict[str, Any], reason: str | None) -> None:
    envelope = {**erased().envelope(), **changes}
    if reason is None:
        assert decode(envelope) is None
        return
    with pytest.raises(InvalidEvent) as caught:
        decode(envelope)
    assert caught.value.reason == reason
    assert "secret" not in caught.value.detail
    assert caught.value.detail.isprintable()


@given(events, st.data())
def test_whatever_is_read_is_an_event_or_refused(said: Event, drawn: st.DataObject) -> None:
    envelope = said.envelope()
    place = envelope if drawn.draw(st.booleans()) else dict(envelope["data"])
    place[drawn.draw(st.sampled_from(sorted(place)))] = drawn.draw(json)
    with suppress(InvalidEvent):
        read = decode(envelope if place is envelope else {**envelope, "data": place})
        assert read is None or isinstance(read, Recorded)


def test_times_are_read_in_utc() -> None:
    there = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    read = decode(erased(time=there).envelope())
    assert read is not None
    assert (read.time, read.time.tzinfo) == (there, UTC)


def test_figures_are_decimals() -> None:
    assert SubmissionGraded.model_fields["grade"].annotation is Decimal


@given(st.text(), st.integers(1, 1024))
def test_a_key_has_one_partition(key: str, partitions: int) -> None:
    number = partition_of(key, partitions)
    assert 0 <= number < partitions
    assert number == int(md5(key.encode()).hexdigest()[:8], 16) % partitions


def test_keys_are_spread_evenly() -> None:
    counts = [0] * 8
    for number in range(8000):
        counts[partition_of(str(UUID(int=number)), 8)] += 1
    assert min(counts) > 850
    assert max(counts) < 1150


def test_every_type_has_the_field_it_is_keyed_by() -> None:
    for declared in CATALOGUE.values():
        assert KEY_FIELDS[declared.keyed_by] in declared.data.model_fields
