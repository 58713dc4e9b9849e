"""Entries as messages and back."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from stores.event_log.types import START, Entry, Position
from stores.kafka.messages import entry_of, message_of, position_in

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
POSITIONS = st.builds(Position, st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1))


def carried(entry: Entry, offset: int) -> Entry:
    """Through Kafka."""
    sent = message_of(entry)
    return entry_of(Message(topic="prefix-t", offset=offset, **sent), "t")


@given(body=st.dictionaries(TEXT, JSON, max_size=5), position=POSITIONS, offset=st.integers(0, 2**62))
def test_an_entry_comes_through_as_it_was(body: dict[str, Any], position: Position, offset: int) -> None:
    found = carried(Entry("t", 3, position, None, body), offset)
    assert found == Entry("t", 3, position, offset, body)


def test_the_key_is_the_event_s() -> None:
    assert message_of(Entry("t", 0, Position(1, 1), None, {"partitionkey": "ä"}))["key"] == "ä".encode()
    assert message_of(Entry("t", 0, Position(1, 1), None, {}))["key"] is None


@given(value=st.binary(max_size=60))
def test_a_position_is_two_numbers_or_none(value: bytes) -> None:
    found = position_in([("position", value)])
    assert found is None or f"{found.xid}-{found.seq}".encode() == b"-".join(
        part.lstrip(b"0") or b"0" for part in value.split(b"-")
    )


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Position", b"1-1")],
        [("position", None)],
        [("position", b"")],
        [("position", b"0-0")],
        [("position", b"1")],
        [("position", b"-1-1")],
        [("position", b"1-1-1")],
        [("position", "\u0661-\u0661".encode())],
        [("position", b"1" * 30 + b"-1")],
        [("position", f"{2**63}-1".encode())],
    ],
)
def test_what_no_relay_wrote_has_no_position(headers: list[tuple[str, bytes | None]]) -> None:
    assert position_in(headers) is None
    found = entry_of(Message(topic="t", partition=1, offset=7, value=b'{"a": 1}', headers=headers), "t")
    assert found == Entry("t", 1, START, 7, b'{"a": 1}')


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"1", b"\xff"])
def test_what_is_no_object_stays_bytes(value: bytes | None) -> None:
    message = Message(topic="t", partition=0, offset=0, value=value, headers=[("position", b"5-6")])
    assert entry_of(message, "t") == Entry("t", 0, Position(5, 6), 0, value or b"")


def test_bytes_are_sent_as_they_are() -> None:
    assert message_of(Entry("t", 0, Position(1, 1), None, b"x"))["value"] == b"x"
    assert orjson.loads(message_of(Entry("t", 0, Position(1, 1), None, {"a": 1}))["value"]) == {"a": 1}


@given(names=st.frozensets(st.sampled_from(["a.made", "b.made"])), kind=st.sampled_from(["a.made.v1", "b.made.v2", 5]))
def test_what_is_not_wanted_is_known_with_and_without_the_header(names: frozenset[str], kind: object) -> None:
    body = {"type": kind, "data": {"a": 1}}
    sent = message_of(Entry("t", 3, Position(1, 2), None, body))
    bare = sent | {"headers": [header for header in sent["headers"] if header[0] != "ce_type"]}
    wanted = isinstance(kind, str) and kind.rpartition(".")[0] in names
    for one in (sent, bare):
        found = entry_of(Message(topic="prefix-t", offset=4, **one), "t", names)
        assert (found.wanted, found.position, found.offset) == (wanted, Position(1, 2), 4)
        assert not wanted or found.body == body


def test_what_is_not_wanted_is_not_read() -> None:
    sent = message_of(Entry("t", 3, Position(1, 2), None, {"type": "a.made.v1"}))
    found = entry_of(Message(topic="prefix-t", offset=4, **sent), "t", frozenset({"b.made"}))
    assert found == Entry("t", 3, Position(1, 2), 4, b"", wanted=False)
