"""What small groups hide cannot be had back by subtracting what is shown from what is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.analytics_aggregator.sketches import Group, Quantiles
from deployments.analytics import metrics
from deployments.analytics.cells import Cell
from deployments.analytics.suppression import Suppressor, withhold

CELLS = st.lists(st.integers(0, 30), min_size=1, max_size=11)


@given(CELLS, st.integers(1, 8))
def test_no_small_group_can_be_told_from_the_sum(cells: list[int], minimum: int) -> None:
    shown = withhold(cells, minimum)
    assert all(found is None or found == cell for found, cell in zip(shown, cells, strict=True))
    assert all(found is None or found == 0 or found >= minimum for found in shown)
    hidden = [n for n, found in enumerate(shown) if found is None]
    if hidden:
        rest = sum(cells) - sum(found for found in shown if found is not None)
        assert rest >= minimum or len(hidden) == len(cells)
        assert len(hidden) > 1 or len(cells) == 1


@given(CELLS)
def test_everything_is_shown_where_nobody_can_be_recognised(cells: list[int]) -> None:
    assert withhold(cells, 1) == cells
    large = [0 if cell < 5 else cell for cell in cells]
    assert withhold(large, 5) == large


def test_examples() -> None:
    assert withhold([1, 20, 30], 5) == [None, None, 30]
    assert withhold([1, 2, 20], 5) == [None, None, None]
    assert withhold([3, 4, 20], 5) == [None, None, 20]
    assert withhold([0, 3, 0], 5) == [None, None, None]
    assert withhold([0, 0], 5) == [0, 0]


def test_figures_are_named_where_they_are_withheld() -> None:
    suppressor = Suppressor(5)
    assert suppressor.figure("a", 7, 4) is None
    assert suppressor.figure("b", 7, 5) == 7
    assert suppressor.figure("c", 0, None) == 0
    assert suppressor.names == ["a"]


@given(st.lists(st.integers(0, 9), min_size=11, max_size=11))
def test_the_funnel_does_not_give_the_distribution_away(deciles: list[int]) -> None:
    cell = Cell({f"progress_{n}": count for n, count in enumerate(deciles)})
    shown = metrics.progress(cell, Suppressor(5))
    assert shown[10] == deciles[10]
    for part in (slice(0, 5), slice(5, 10)):  # the sums that the funnel tells
        hidden = [n for n, found in enumerate(shown[part]) if found is None]
        rest = sum(deciles[part]) - sum(found or 0 for found in shown[part])
        assert not hidden or rest >= 5 or len(hidden) == 5


def test_nothing_to_tell_is_no_small_group() -> None:
    suppressor = Suppressor(5)
    told = metrics.tell(metrics.TOTALS, Cell(), suppressor)
    assert suppressor.names == []
    assert (told["active_learners"], told["score_mean"], told["completion_rate"]) == (0, None, None)


@pytest.mark.parametrize(("sum", "mean"), [(-1, None), (0, 0), (1_500_000, 75), (2_000_001, None)])
def test_a_mean_is_one_of_scores_or_is_not_told(sum: int, mean: int | None) -> None:
    assert Cell({"scored": 2, "score_millionths": sum}).score_mean == mean


def cell(counters: dict[str, int], scores: list[float], scorers: int) -> Cell:
    quantiles, group = Quantiles(), Group()
    quantiles.update(scores)
    group.update(n << 32 for n in range(scorers))
    found = Cell(counters)
    found.add({"counters": {}, "scores": quantiles.to_bytes(), "scorers": group.to_bytes() if scorers else None})
    return found


@given(st.integers(0, 9), st.lists(st.floats(0, 100, width=32), max_size=30), st.integers(0, 200), st.integers(1, 100))
def test_scores_are_those_of_enough_learners(scored: int, scores: list[float], learners: int, minimum: int) -> None:
    told = metrics.tell(metrics.SCORES, cell({"scored": scored}, scores, learners), suppressor := Suppressor(minimum))
    assert (told["score_mean"] is not None) == (scored > 0 and min(scored, learners) >= minimum)
    assert (told["score_p50"] is not None) == (len(scores) > 0 and learners >= minimum)
    assert ("score_mean" in suppressor.names) == (scored > 0 and min(scored, learners) < minimum)
    assert ("score_p50" in suppressor.names) == (len(scores) > 0 and learners < minimum)
