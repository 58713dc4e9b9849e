"""Catalogue queries and cursors."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.courses.repository.catalogue import ORDERS, Filters, Position, facet_query, page_query
from deployments.courses.service.catalogue import _KEYS, _position
from deployments.kit.errors import Invalid
from deployments.kit.paging import encode_cursor
from stores.ids import new_id

SENTINEL = "'; drop table courses; --"

filters = st.builds(
    Filters,
    words=st.none() | st.just(SENTINEL),
    category=st.none() | st.just(SENTINEL),
    difficulty=st.none() | st.just(SENTINEL),
    language=st.none() | st.just(SENTINEL),
    tags=st.just(()) | st.just((SENTINEL, "b")),
    instructor_id=st.none() | st.just(new_id()),
    price_min=st.none() | st.just(Decimal(1)),
    price_max=st.none() | st.just(Decimal(2)),
    free=st.none() | st.booleans(),
    rating_min=st.none() | st.just(4.5),
    taught_by=st.none() | st.just(new_id()),
)


def used(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\$(\d+)", text)}


@given(filters, st.sampled_from(sorted(ORDERS)), st.booleans())
def test_what_readers_send_travels_as_parameters(chosen: Filters, order: str, further: bool) -> None:
    after = Position(SENTINEL, new_id(), Decimal(3)) if further else None
    text, values = page_query(chosen, ORDERS[order], Decimal(3), after, 10)
    assert SENTINEL not in text
    assert used(text) == set(range(1, len(values) + 1))
    text, values = facet_query(chosen)
    assert SENTINEL not in text
    assert used(text) == set(range(1, len(values) + 1))


SAMPLES: dict[str, Any] = {
    "relevance": 0.607927,
    "newest": datetime(2026, 11, 22, 12, 0, 0, 123456, UTC),
    "newest_own": datetime(2026, 11, 22, 12, 0, 0, 123456, UTC),
    "title": "ärger",
    "price": Decimal("49.00"),
    "rating": 3.9473684210526314,
    "popularity": 12,
}


@pytest.mark.parametrize("order", SAMPLES)
def test_a_cursor_gives_the_position_back(order: str) -> None:
    course_id, mean = new_id(), Decimal("3.57") if order == "rating" else None
    found = _position(encode_cursor(order, SAMPLES[order], course_id, mean), order)
    assert found == Position(SAMPLES[order], course_id, mean)
    assert _position(None, order) is None


@pytest.mark.parametrize("order", SAMPLES)
def test_a_cursor_of_another_order_is_refused(order: str) -> None:
    for other in set(SAMPLES) - {order}:
        with pytest.raises(Invalid):
            _position(encode_cursor(other, SAMPLES[other], new_id(), None), order)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.sampled_from(["NaN", "inf", "1e999999", "0001-01-01T00:00:00+23:59", "a\x00", str(new_id()), "-0", "sNaN"]),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(st.sampled_from(sorted(SAMPLES)), st.lists(json_values, max_size=5), st.booleans())
def test_forged_cursors_are_refused_or_harmless(order: str, parts: list[Any], named: bool) -> None:
    parts = [order, *parts[1:]] if named else parts
    cursor = base64.urlsafe_b64encode(orjson.dumps(parts)).decode()
    try:
        found = _position(cursor, order)
    except Invalid:
        return
    assert found is not None
    assert _KEYS[order](found.key if not isinstance(found.key, datetime) else found.key.isoformat()) == found.key


@given(st.text(max_size=50))
def test_rubbish_is_no_cursor(cursor: str) -> None:
    with pytest.raises(Invalid):
        _position(cursor, "title")
