"""Frames of the stream: what changed can be merged in, and a cursor proves what it says and no more."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from deployments.analytics.stream.wire import Cursor, changes
from deployments.kit.streaming import frame

LEAVES = st.none() | st.integers(-9, 9) | st.lists(st.integers(0, 2), max_size=2)
DOCUMENTS = st.fixed_dictionaries({"a": LEAVES, "b": st.fixed_dictionaries({"c": LEAVES, "d": LEAVES})})
VERSIONS = st.dictionaries(st.integers(0, 9), st.integers(0, 10**12), max_size=5)


def merge(document: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """What a client does."""
    merged = dict(document)
    for name, value in news.items():
        merged[name] = merge(merged[name], value) if isinstance(value, dict) else value
    return merged


@given(DOCUMENTS, DOCUMENTS)
def test_what_changed_makes_the_one_document_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    news = changes(before, after)
    assert merge(before, news) == after
    assert (news == {}) == (before == after)


@given(VERSIONS, st.integers(1, 99), st.dates(date(1000, 1, 1)))
def test_a_cursor_survives_the_wire(versions: dict[int, int], generation: int, today: date) -> None:
    cursor = Cursor(generation, today, versions)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text(max_size=40) | st.from_regex(r"[0-9.\-]{0,40}", fullmatch=True))
def test_anything_else_is_no_cursor(text: str) -> None:
    found = Cursor.parse(text)
    assert found is None or isinstance(found, Cursor)


def test_a_cursor_covers_what_was_not_touched_since() -> None:
    day = date(2026, 11, 23)
    held, now = Cursor(1, day, {0: 5, 1: 7}), Cursor(1, day, {0: 9, 1: 9})
    assert held.covers(now, {0: 5, 1: 3})
    assert held.covers(now, {})
    assert not held.covers(now, {0: 6})
    assert not held.covers(now, {2: 1})
    assert not held.covers(Cursor(2, day, {}), {})
    assert not held.covers(Cursor(1, date(2026, 11, 24), {}), {})


def test_a_frame_is_one_event() -> None:
    sent = frame("figures", {"text": "a\nb"}, "1.20261123.0-1")
    assert sent == b'id: 1.20261123.0-1\nevent: figures\ndata: {"text":"a\\nb"}\n\n'
    assert orjson.loads(frame("end", {}).split(b"data: ")[1]) == {}
