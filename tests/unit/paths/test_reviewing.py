"""When units are seen again: by when they were completed, how their quizzes went, and what learners said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from deployments.learning.paths import _seen

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = BEGUN + timedelta(days=10)
UNIT = uuid4()


def rated(day: int, rating: str = "good") -> dict[str, Any]:
    return {"unit_id": UNIT, "at": BEGUN + timedelta(days=day), "share": None, "rating": rating}


def attempt(day: int, share: float) -> dict[str, Any]:
    return {"unit_id": UNIT, "at": BEGUN + timedelta(days=day), "share": share, "rating": None}


def due(*reviews: dict[str, Any], completed: int = 0) -> int:
    """So many days after it was begun, a unit is seen again."""
    [one] = _seen({str(UNIT): BEGUN + timedelta(days=completed)}, reviews, NOW)
    return (one.due - BEGUN).days


def test_what_was_completed_and_is_remembered_later_is_seen_again_much_later() -> None:
    assert due() == 2
    assert due(rated(10)) == 35
    assert due(rated(10, "again")) < 13 < due(rated(10, "hard")) < due(rated(10)) < due(rated(10, "easy"))


def test_of_a_quiz_the_attempts_count_and_its_completion_no_second_time() -> None:
    assert due(attempt(0, 0.8)) == due()
    assert due(attempt(0, 0.2), attempt(3, 0.8), completed=3) == due(attempt(0, 0.2), attempt(3, 0.8))
    assert due(attempt(0, 0.8), rated(10)) == due(rated(10))


def test_the_completion_counts_where_the_attempts_are_too_long_ago_to_be_looked_at() -> None:
    reviews = [{**rated(10), "unit_id": uuid4()} for _ in range(3)]
    assert due(*reviews) == due()
    assert due(*reviews, rated(10)) == due(rated(10))


def test_what_was_opened_and_completed_again_counts_when_it_was() -> None:
    assert due(rated(3), completed=10) == due(attempt(3, 0.8), attempt(10, 0.8))
