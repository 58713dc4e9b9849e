"""Progress and scores as properties over arbitrary versions and records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from deployments.enrollments.progress import (
    HUNDRED,
    UnitRecord,
    mean_score,
    percent,
    progress_of,
    standing_of,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
unit_ids = st.integers(0, 400).map(lambda n: UUID(int=n))
unit_sets = st.sets(unit_ids, max_size=300)
scores = st.decimals(0, 100, places=4)


@given(unit_sets, unit_sets)
def test_progress_is_the_exact_share_rounded_down(units: set[UUID], completed: set[UUID]) -> None:
    progress = progress_of(units, completed)
    exact = Fraction(100 * len(units & completed), len(units)) if units else Fraction(0)
    assert 0 <= progress <= 100
    assert progress.as_tuple().exponent == -2
    assert 0 <= exact - Fraction(progress) < Fraction(1, 100)


@given(unit_sets, unit_sets)
def test_hundred_exactly_when_every_unit_is_complete(units: set[UUID], completed: set[UUID]) -> None:
    assert (progress_of(units, completed) == HUNDRED) == bool(units and units <= completed)


def test_one_of_very_many_missing_is_not_hundred() -> None:
    units = [UUID(int=n) for n in range(30_000)]
    assert progress_of(units, units[1:]) == Decimal("99.99")
    assert progress_of(units, units) == Decimal("100.00")


@given(unit_sets, unit_sets, unit_sets)
def test_completing_more_never_lowers_progress(units: set[UUID], completed: set[UUID], more: set[UUID]) -> None:
    assert progress_of(units, completed) <= progress_of(units, completed | more)


@given(unit_sets, unit_sets)
def test_doing_a_unit_twice_counts_once(units: set[UUID], completed: set[UUID]) -> None:
    doubled = [*completed, *completed]
    assert progress_of(units, doubled) == progress_of(units, completed)
    assert progress_of([*units, *units], completed) == progress_of(units, completed)


@given(unit_sets, unit_sets, unit_sets)
def test_units_come_and_go_with_versions(units: set[UUID], added: set[UUID], completed: set[UUID]) -> None:
    """A new version counts what it has: what was done in units that it dropped is neither lost nor counted."""
    before = progress_of(units, completed & units)
    assert progress_of(units | added, completed & units) <= before or not units
    assert progress_of(units, completed) == before


@given(st.dictionaries(unit_ids, st.tuples(st.booleans(), st.none() | scores)), unit_sets)
def test_standing_looks_only_at_the_version(records: dict[UUID, tuple[bool, Decimal | None]], units: set[UUID]) -> None:
    kept = {unit: UnitRecord(NOW if done else None, score) for unit, (done, score) in records.items()}
    standing = standing_of(units, kept)
    inside = {unit: record for unit, record in kept.items() if unit in units}
    assert standing == standing_of(units, inside)
    assert standing.progress == progress_of(units, [u for u, r in inside.items() if r.completed_at])
    assert standing.score == mean_score(r.score for r in inside.values())
    assert standing.complete == bool(units and all(u in inside and inside[u].completed_at for u in units))


@given(st.decimals(0, 1000, places=2), st.decimals(0, 1000, places=2))
def test_percent_is_hundred_only_for_all_points(a: Decimal, b: Decimal) -> None:
    points, maximum = min(a, b), max(a, b)
    share = percent(points, maximum)
    assert 0 <= share <= 100
    assert (share == HUNDRED) == (points == maximum)
    if maximum:
        assert 0 <= Fraction(points) * 100 / Fraction(maximum) - Fraction(share) < Fraction(1, 10_000)


@given(st.lists(scores, min_size=1))
def test_the_mean_lies_between_the_scores(found: list[Decimal]) -> None:
    mean = mean_score(found)
    assert mean is not None
    assert min(found) - Decimal("0.0001") <= mean <= max(found) + Decimal("0.0001")
    assert mean == mean_score([*found, None])
    assert abs(Fraction(mean) - Fraction(sum(found)) / len(found)) <= Fraction(1, 20_000)


def test_no_scores_no_mean() -> None:
    assert mean_score([]) is None
    assert mean_score([None]) is None
