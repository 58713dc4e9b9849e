"""Entries are canonical, and hold nothing that an erasure would have to take out."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.audit import Entry, UnknownAction
from stores.audit.chain import GENESIS, link

ORG = UUID(int=7)


def entry(**more: object) -> Entry:
    return Entry(org_id=ORG, **{"action": "session.started", "source": "test", **more})  # type: ignore[arg-type]


def test_canonical_json_leaves_out_what_is_absent() -> None:
    body = entry(actor=UUID(int=1), details={"b": 1, "a": [True, None]}).body()
    assert body == (
        '{"action":"session.started","actor":"00000000-0000-0000-0000-000000000001",'
        '"details":{"a":[true,null],"b":1},"outcome":"done","source":"test"}'
    )


def test_actions_are_those_of_the_catalogue() -> None:
    with pytest.raises(UnknownAction):
        entry(action="something.else")


def test_what_people_wrote_and_addresses_are_withheld() -> None:
    body = entry(details={"who": "ada@example.org", "essay": "x" * 301, "lines": "a\nb", "ada@b.c": 1}).body()
    assert orjson.loads(body)["details"] == {
        "who": "[withheld]",
        "essay": "[withheld]",
        "lines": "[withheld]",
        "[withheld]": 1,
    }


def test_an_entry_that_is_too_large_loses_its_details_not_itself() -> None:
    large = {str(number): ["x" * 300] * 10 for number in range(200)}
    assert orjson.loads(entry(details=large).body())["details"].keys() == {"withheld_bytes"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.uuids() | st.datetimes() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.integers()),
)


@given(_JSON)
def test_whatever_the_details_there_is_an_entry(details: object) -> None:
    body = entry(details={"x": details}).body()
    assert orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS).decode() == body
    assert "@" not in body
    assert "\\u0000" not in body


@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**62), st.text(), st.text())
def test_hashes_depend_on_everything(previous: bytes, number: int, body: str, other: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    if any(0xD800 <= ord(c) < 0xE000 for c in body + other):
        return
    made = link(previous, number, at, ORG, body)
    assert made != link(previous, number + 1, at, ORG, body)
    assert made != link(previous, number, at.replace(microsecond=1), ORG, body)
    assert made != link(previous, number, at, UUID(int=8), body)
    assert (made == link(previous, number, at, ORG, other)) == (body == other)
    assert made == link(previous, number, at, ORG, body) != link(GENESIS[:-1] + b"\1", number, at, ORG, body)
