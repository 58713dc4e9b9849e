"""Measures of quality, calibration, fairness and drift, by their properties and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.fairness import drift
from learning.fairness.calibration import expected_calibration_error, reliability
from learning.fairness.groups import SMALLEST, _odds, _parity, report
from learning.fairness.roc import abroca, auroc, curve
from learning.fairness.watch import Limits, Verdict, judge, overall

# Few different scores, so that there are ties.
PEOPLE = st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.booleans()), min_size=4, max_size=60)


def arrays(people: list[tuple[bool, int, bool]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outcome, score, member = zip(*people, strict=True)
    return np.array(outcome), np.array(score) / 8, np.array(member)


@given(PEOPLE)
def test_auroc_is_the_share_of_pairs_in_the_right_order(people: list[tuple[bool, int, bool]]) -> None:
    outcome, score, _ = arrays(people)
    pairs = [(a > b) + (a == b) / 2 for a in score[outcome] for b in score[~outcome]]
    if pairs:
        assert auroc(outcome, score) == pytest.approx(np.mean(pairs))
    else:
        assert math.isnan(auroc(outcome, score))


@given(PEOPLE)
def test_abroca_is_a_symmetric_area_at_least_as_large_as_the_difference_of_auroc(
    people: list[tuple[bool, int, bool]],
) -> None:
    outcome, score, member = arrays(people)
    area = abroca(outcome, score, member)
    if math.isnan(area):
        return
    difference = auroc(outcome[member], score[member]) - auroc(outcome[~member], score[~member])
    assert abs(difference) - 1e-9 <= area <= 1
    assert area == pytest.approx(abroca(outcome, score, ~member))
    fine = np.linspace(0, 1, 20001)[1:-1] + 1e-7
    groups = [curve(outcome[m], score[m]) for m in (member, ~member)]
    assert area == pytest.approx(np.abs(np.interp(fine, *groups[0]) - np.interp(fine, *groups[1])).mean(), abs=2e-3)


@given(PEOPLE)
def test_groups_with_the_same_people_have_no_area_between_them(people: list[tuple[bool, int, bool]]) -> None:
    outcome, score, _ = arrays(people)
    twice = abroca(np.tile(outcome, 2), np.tile(score, 2), np.arange(2 * len(outcome)) < len(outcome))
    assert math.isnan(twice) or twice == pytest.approx(0, abs=1e-12)


def test_probabilities_that_are_kept_are_calibrated() -> None:
    random = np.random.default_rng(1)
    probability = random.uniform(size=20000)
    outcome = random.uniform(size=20000) < probability
    assert expected_calibration_error(outcome, probability) < 0.02
    assert expected_calibration_error(outcome, probability**3) > 0.15
    assert sum(bin["learners"] for bin in reliability(outcome, probability)) == 20000


@given(PEOPLE)
def test_calibration_error_is_at_least_the_difference_of_means(people: list[tuple[bool, int, bool]]) -> None:
    outcome, score, _ = arrays(people)
    assert expected_calibration_error(outcome, score) >= abs(outcome.mean() - score.mean()) - 1e-12


@given(st.lists(st.floats(0, 1), min_size=10, max_size=80), st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_stability_is_zero_for_the_same_and_never_negative(before: list[float], now: list[float]) -> None:
    borders = drift.deciles(np.array(before))
    expected, actual = drift.shares(np.array(before), borders), drift.shares(np.array(now), borders)
    assert sum(actual) == pytest.approx(1)
    assert drift.population_stability_index(expected, expected) == 0
    assert drift.population_stability_index(expected, actual) >= 0


def test_small_groups_are_withheld_and_people_without_the_attribute_left_out() -> None:
    size = 200
    random = np.random.default_rng(2)
    probability = random.uniform(size=size)
    outcome = random.uniform(size=size) < probability
    groups = ["x"] * (SMALLEST - 1) + ["f"] * 90 + ["m"] * 80 + [None] * (size - 169 - SMALLEST + 1 - 1 + 1)
    groups = groups[:size]
    found = report(probability, outcome, {"gender": groups}, ["A"] * size)
    by_group = {figures.group: figures for figures in found.groups}
    assert set(by_group) == {"f", "m", "x"}
    assert by_group["x"].withheld
    assert by_group["x"].observed_rate is None
    assert by_group["f"].observed_rate == pytest.approx(outcome[np.array(groups) == "f"].mean())
    attribute = found.of("gender")
    assert attribute is not None
    assert attribute.abroca is not None
    assert attribute.demographic_parity_difference == pytest.approx(
        abs(np.mean(probability[SMALLEST - 1 :][:90] >= 0.5) - np.mean(probability[SMALLEST + 89 :][:80] >= 0.5))
    )
    without = report(probability, None, {"gender": groups}, ["A"] * size)
    assert without.of("gender").abroca is None  # type: ignore[union-attr]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_differences_of_groups_are_those_of_fairlearn(seed: int) -> None:
    from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

    chance = np.random.default_rng(seed)
    groups = chance.choice(["a", "b", "c"], 90)
    outcome, flagged = chance.random(90) < 0.5, chance.random(90) < 0.4
    for truth in (outcome, np.tile([True, False], 45)):
        if all(truth[groups == group].any() and not truth[groups == group].all() for group in "abc"):
            assert _odds(truth, flagged, groups) == pytest.approx(
                equalized_odds_difference(truth, flagged, sensitive_features=groups)
            )
    assert _parity(flagged, groups) == pytest.approx(
        demographic_parity_difference(outcome, flagged, sensitive_features=groups)
    )


def test_the_worst_figure_decides() -> None:
    limits = Limits(alert=0.1, stop=0.2)
    assert [limits.judge(value) for value in (0.1, 0.15, 0.21)] == [Verdict.FINE, Verdict.ALERT, Verdict.STOP]
    probability = np.concatenate([np.full(100, 0.9), np.full(100, 0.1)])
    outcome = np.tile([True, False], 100)
    found = report(probability, outcome, {"gender": ["f"] * 100 + ["m"] * 100}, ["A"] * 200)
    few = judge(found, learners=99, stability=0.01, calibration_error=0.4)
    assert {finding.figure for finding in few if finding.verdict is Verdict.ALERT} == {"expected_calibration_error"}
    findings = judge(found, learners=200, stability=0.01, calibration_error=0.4)
    assert overall(findings) is Verdict.STOP
    assert {finding.figure for finding in findings if finding.verdict is Verdict.STOP} == {
        "parity_gender",
        "expected_calibration_error",
    }
    assert overall([]) is Verdict.FINE
