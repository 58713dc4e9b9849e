"""Estimates that are remembered are those that merging gives."""

from __future__ import annotations

import random

import pytest

from actors.analytics_aggregator.sketches import Distinct
from deployments.analytics import estimates
from deployments.analytics.estimates import Estimates


def _sketch(members: range) -> bytes:
    sketch = Distinct()
    sketch.update(random.Random(member).getrandbits(63) for member in members)
    return sketch.to_bytes()


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for every time that sketches are merged."""
    found: list[int] = []
    merged = Distinct.merged

    class Counting(Distinct):
        @classmethod
        def merged(cls, parts: list[bytes]) -> Distinct:  # type: ignore[override]
            found.append(len(parts))
            return merged(parts)

    monkeypatch.setattr(estimates, "Distinct", Counting)
    return found


def test_nothing_is_nobody(merges: list[int]) -> None:
    assert Estimates(2).together([]) == 0
    assert merges == []


def test_what_was_merged_is_not_merged_again(merges: list[int]) -> None:
    subject, parts = Estimates(2), [_sketch(range(30)), _sketch(range(20, 50))]
    assert [subject.together(list(parts)) for _ in range(3)] == [50, 50, 50]
    assert merges == [2]


def test_what_changed_is_merged_anew(merges: list[int]) -> None:
    subject = Estimates(2)
    assert subject.together([_sketch(range(5)), _sketch(range(6))]) == 6
    assert subject.together([_sketch(range(5)), _sketch(range(7))]) == 7
    assert merges == [2, 2]


def test_what_was_not_used_for_longest_is_given_up(merges: list[int]) -> None:
    subject = Estimates(2)
    first, second, third = ([_sketch(range(number))] for number in (1, 2, 3))
    for parts in (first, second, first, third, first):
        subject.together(parts)
    assert len(merges) == 3
    subject.together(second)
    assert len(merges) == 4
