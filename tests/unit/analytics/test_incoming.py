"""Events from outside are held to their schema, and put on the log as our own publishers would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import orjson
from hypothesis import given
from hypothesis import strategies as st

from deployments.analytics.reporting.documentation import BODY_DOCUMENTATION, ONE
from deployments.analytics.reporting.incoming import Candidate, Examiner, Sender
from stores.events import Event, decode
from stores.ids import new_id

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SENDER = Sender(new_id(), new_id(), for_others=False)
SYSTEM = Sender(SENDER.org_id, SENDER.user_id, for_others=True)
COURSE, UNIT = str(new_id()), str(new_id())
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
GOOD: dict[str, Any] = {
    "specversion": "1.0", "id": "a", "source": "/x", "type": "azora.unit.viewed.v1",
    "time": "2026-11-23T09:00:00.5+01:00", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01",
    "data": {"course_id": COURSE, "unit_id": UNIT},
}  # fmt: skip


def look(item: Any, sender: Sender = SENDER) -> Candidate:
    return Examiner(sender, NOW).examine(0, item)


def test_the_envelope_is_that_of_our_own_publishers() -> None:
    entry = look(GOOD).entry
    assert entry is not None
    envelope = orjson.loads(entry.envelope)
    own = Event(
        topic="analytics_events", type="unit.viewed.v1", source="/clients//x", subject=UNIT, key=str(SENDER.user_id),
        org_id=SENDER.org_id, data={"user_id": SENDER.user_id, "course_id": COURSE, "unit_id": UNIT},
        traceparent=GOOD["traceparent"], id=entry.id, time=datetime(2026, 11, 23, 8, 0, 0, 500_000, tzinfo=UTC),
    )  # fmt: skip
    assert envelope == own.envelope()
    assert decode(envelope) is not None


def test_ids_are_the_sender_s_and_the_source_s() -> None:
    other = Sender(SENDER.org_id, new_id(), for_others=False)
    elsewhere = Sender(new_id(), SENDER.user_id, for_others=False)
    found = {
        look(item, sender).entry.id  # type: ignore[union-attr]
        for sender in (SENDER, other, elsewhere, SYSTEM)
        for item in (GOOD, {**GOOD, "id": "b"}, {**GOOD, "source": "/y"})
    }
    assert len(found) == 12
    colleague = Sender(SENDER.org_id, new_id(), for_others=True)
    assert look(GOOD, colleague).entry.id == look(GOOD, SYSTEM).entry.id  # type: ignore[union-attr]


@given(JSON)
def test_nothing_breaks_it(item: Any) -> None:
    assert look(item).faults


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_one_strange_member_is_taken_or_named(name: str, value: Any) -> None:
    candidate = look({**GOOD, name: value})
    assert (candidate.entry is None) == bool(candidate.faults)
    assert all(fault.pointer.startswith(f"/{name}") for fault in candidate.faults)
    if candidate.entry is not None:
        assert decode(orjson.loads(candidate.entry.envelope)) is not None
        assert "\\u0000" not in candidate.entry.envelope


def test_what_the_document_promises_is_what_is_taken() -> None:
    schema = BODY_DOCUMENTATION["requestBody"]["content"][ONE]["schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for item, good in (
        (GOOD, True),
        (BODY_DOCUMENTATION["requestBody"]["content"][ONE]["example"], True),
        ({**GOOD, "data": {"course_id": COURSE}}, False),
        ({**GOOD, "data": {**GOOD["data"], "more": 1}}, False),
        ({**GOOD, "more": 1}, False),
        ({**GOOD, "type": "azora.course.created.v1"}, False),
    ):
        assert validator.is_valid(item) == good
        assert (look(item).entry is not None) == good


def test_times() -> None:
    for delta, taken in ((timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)):
        assert bool(look({**GOOD, "time": (NOW + delta).isoformat()}).entry) == taken
    entry = look({name: value for name, value in GOOD.items() if name != "time"}).entry
    assert entry is not None
    assert orjson.loads(entry.envelope)["time"] == "2026-11-23T09:30:00Z"
