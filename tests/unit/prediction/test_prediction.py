"""The risk model: what it may know, what it is made of, how it explains itself, when it may serve."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.fairness.roc import auroc
from learning.prediction.artefact import Artefact, document_of, version_of
from learning.prediction.cohort import Cohort
from learning.prediction.evaluation import Gate, cohort_key, evaluate, held_out, presentations, splits
from learning.prediction.features import NAMES, features
from learning.prediction.logistic import fit, sigmoid
from learning.prediction.model import RiskModel, train
from learning.prediction.reasons import SUBJECTS, explain
from tests.unit.prediction.worlds import cohort, world

DAY = 56


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return train(world(), DAY)


def shuffled(given: Cohort, order: np.ndarray) -> Cohort:
    changed = {
        field.name: getattr(given, field.name)[order]
        for field in fields(given)
        if field.name not in ("module", "presentation", "learners", "task_day", "task_weight", "own_pace")
    }
    return replace(given, learners=[given.learners[row] for row in order], **changed)


@given(st.integers(0, 50), st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_nothing_after_the_day_is_known(seed: int, day: int) -> None:
    known = cohort(40, seed)
    later = np.where(known.submitted > day, known.submitted + 7, known.submitted)
    marks = np.where(known.submitted > day, 1.0, known.score)
    changed = replace(known, submitted=later, score=marks, outcome=None)
    assert np.array_equal(features(known, day).values, features(changed, day).values, equal_nan=True)


@given(st.integers(0, 50), st.permutations(range(40)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_learners_does_not_matter(seed: int, order: list[int]) -> None:
    known = cohort(40, seed)
    straight = features(known, DAY).values[np.array(order)]
    assert np.allclose(straight, features(shuffled(known, np.array(order)), DAY).values, atol=1e-9)


@given(st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_work_without_a_mark_is_no_failure(seed: int) -> None:
    known = cohort(40, seed)
    score = known.score.copy()
    in_hand = known.submitted[0] <= DAY
    score[0, in_hand] = np.nan
    found = dict(zip(NAMES, features(replace(known, score=score), DAY).values[0], strict=True))
    assert found["failed"] == found["ahead_mark"] == 0
    assert found["made"] == dict(zip(NAMES, features(known, DAY).values[0], strict=True))["made"]
    if in_hand[:2].all():  # both that are due: nothing is known of marks, which is the usual
        assert found["marks"] == found["marks_of_made"] == found["lowest_mark"] == 0


def test_predictions_are_finite_for_those_of_whom_nothing_is_known(model: RiskModel) -> None:
    nothing = np.full(3, np.nan)
    empty = Cohort(
        "NEW", "2020X", ["a", "b", "c"], np.zeros(0), np.zeros(0), np.zeros((3, 0)), np.zeros((3, 0)),
        np.zeros((3, 0), bool), nothing, nothing, nothing, nothing, nothing, nothing,
    )  # fmt: skip
    probability = model.probability(empty)
    assert np.isfinite(model.contributions(empty)).all()
    assert ((probability > 0) & (probability < 1)).all()
    assert len(explain(model, empty)) == 3


def test_a_small_cohort_leans_on_the_past(model: RiskModel) -> None:
    whole = cohort(200, 99, "AAA", "2014J")
    alone = shuffled(whole, np.array([0]))
    assert abs(model.probability(alone)[0] - model.probability(whole)[0]) < 0.25


def test_no_attribute_of_the_person_is_a_feature() -> None:
    assert not {"gender", "age", "disability", "region", "imd"} & {part for name in NAMES for part in name.split("_")}
    assert not {field.name for field in fields(Cohort)} & {"gender", "age_band", "disability", "region", "imd_band"}


def test_every_feature_speaks_of_one_subject() -> None:
    assert sorted(name for names in SUBJECTS.values() for name in names) == sorted(NAMES)


def test_it_finds_what_is_there_in_a_later_presentation(model: RiskModel) -> None:
    later = cohort(800, 77, "AAA", "2014J")
    assert later.outcome is not None
    assert auroc(later.outcome, model.probability(later)) > 0.8


def test_a_module_that_was_never_seen_is_predicted_by_what_all_have_in_common(model: RiskModel) -> None:
    later = cohort(800, 78, "NEW", "2014J")
    assert later.outcome is not None
    assert auroc(later.outcome, model.probability(later)) > 0.8


def test_contributions_add_up_to_the_prediction(model: RiskModel) -> None:
    known = cohort(50, 5)
    total = model.base(known) + model.contributions(known).sum(axis=1)
    assert np.allclose(sigmoid(total), model.probability(known))


def test_reasons_are_the_heaviest_parts_and_only_those_at_risk_get_a_suggestion(model: RiskModel) -> None:
    known = cohort(100, 6)
    for explained, probability in zip(explain(model, known), model.probability(known), strict=True):
        weights = [abs(reason.weight) for reason in explained.reasons]
        assert weights == sorted(weights, reverse=True)
        assert len(weights) <= 3
        assert (explained.intervention is None) == (probability < 0.3)
        assert all(reason.text for reason in explained.reasons)


def test_newton_finds_the_maximum() -> None:
    random = np.random.default_rng(3)
    design = np.column_stack([np.ones(300), random.normal(size=(300, 4))])
    outcome = random.uniform(size=300) < sigmoid(design @ np.array([0.2, 1, -1, 0.5, 0]))
    penalty = np.array([1e-6, 1, 1, 1, 1])
    found = fit(design, outcome, penalty)
    gradient = design.T @ (outcome - sigmoid(design @ found)) - penalty * found
    assert np.abs(gradient).max() < 1e-6


def test_presentations_are_held_out_whole_and_in_time() -> None:
    cohorts = world()
    assert presentations(cohorts) == ["2013B", "2013J", "2014B"]
    for split in splits(cohorts):
        assert {one.presentation for one in split.test} == {split.held_out}
        assert split.held_out not in {one.presentation for one in split.training}
    assert [split.held_out for split in splits(cohorts) if split.later] == ["2014B"]
    assert all(len({one.presentation for one in split.training}) == 2 for split in splits(cohorts))


def test_the_test_of_time_learns_from_nothing_that_came_after_it() -> None:
    cohorts = [*world(), cohort(150, 5, "NEW", "2014J")]
    *others, last = splits(cohorts)
    assert (last.held_out, last.later) == ("2014B", True)
    assert {one.presentation for one in last.training} == {"2013B", "2013J"}
    assert [(split.held_out, split.later) for split in others] == [("2013B", False), ("2013J", False)]
    assert held_out(cohorts, DAY, {}, only_last=True) == held_out(world(), DAY, {}, only_last=True)


def test_where_no_module_comes_again_nothing_is_tested() -> None:
    assert splits([cohort(20, 1, "AAA", "2013J"), cohort(20, 2, "BBB", "2014J")]) == []


def attributes_of(cohorts: list[Cohort]) -> dict[str, dict[str, str | None]]:
    keys = [cohort_key(one, learner) for one in cohorts for learner in one.learners]
    return {"gender": {key: "fm"[number % 2] for number, key in enumerate(keys)}}


def test_a_model_survives_being_written_and_a_changed_one_is_refused(model: RiskModel) -> None:
    cohorts = world()
    tests = held_out(cohorts, DAY, attributes_of(cohorts))
    document = json.loads(json.dumps(document_of(model, cohorts, tests, Gate(), "hash")))
    artefact = Artefact.read(document)
    known = cohort(50, 8)
    assert np.array_equal(artefact.model.probability(known), model.probability(known))
    assert artefact.document["lineage"]["data_sha256"] == "hash"
    document["gate"]["passed"] = True
    document["model"]["intercept"] += 1
    with pytest.raises(ValueError, match="changed"):
        Artefact.read(document)


def test_the_gate_closes_on_each_of_its_conditions() -> None:
    cohorts = world()
    evaluation = evaluate(train(cohorts[:4], DAY), cohorts[4:], attributes_of(cohorts))
    wide = Gate(0.5, 0.5, (("gender", 0.5), ("disability", 0.5)))
    unmeasured = [check for check in evaluation.checks(wide) if check.value is None]
    assert [check.name for check in evaluation.checks(wide) if not check.passed] == ["abroca_disability"]
    assert [check.name for check in unmeasured] == ["abroca_disability"]
    wide = replace(wide, most_abroca=(("gender", 0.5),))
    assert all(check.passed for check in evaluation.checks(wide))
    for narrow in (replace(wide, least_auroc=0.99), replace(wide, most_calibration_error=0.0)):
        assert not all(check.passed for check in evaluation.checks(narrow))
    assert not all(check.passed for check in evaluation.checks(replace(wide, most_abroca=(("gender", 0.0),))))


def test_a_model_that_was_never_tested_is_not_served(model: RiskModel) -> None:
    assert not Artefact.read(document_of(model, world(), {}, Gate(), "hash")).passed


def told(**figures: float | None) -> dict[str, Any]:
    """A document with figures of its own choice, which says that it passed."""
    cohorts = world()
    made: dict[str, Any] = json.loads(
        json.dumps(document_of(train(cohorts, DAY), cohorts, held_out(cohorts, DAY, {}, True), Gate(), "hash"))
    )
    code = list(made["metrics"])[-1]
    made["gate"] = {"passed": True, "checks": []}
    made["metrics"][code] |= {"auroc": figures["auroc"], "expected_calibration_error": figures["error"]}
    made["fairness"][code]["attributes"] = [
        {"attribute": name, "abroca": figures.get(name)} for name in ("gender", "disability")
    ]
    made["version"] = version_of(made)
    return made


@pytest.mark.parametrize(
    ("figures", "unmet"),
    [
        ({"auroc": 0.9, "error": 0.01, "gender": 0.01, "disability": 0.01}, []),
        ({"auroc": 0.8, "error": 0.01, "gender": 0.01, "disability": 0.01}, ["auroc"]),
        ({"auroc": None, "error": 0.01, "gender": 0.01, "disability": 0.01}, ["auroc"]),
        (
            {"auroc": 0.9, "error": 0.03, "gender": 0.06, "disability": 0.01},
            ["expected_calibration_error", "abroca_gender"],
        ),
        ({"auroc": 0.9, "error": 0.01, "gender": 0.01}, ["abroca_disability"]),
    ],
)
def test_whether_a_model_passed_is_worked_out_from_its_figures(
    figures: dict[str, float | None], unmet: list[str]
) -> None:
    artefact = Artefact.read(told(**figures))
    assert [check.name for check in artefact.checks if not check.passed] == unmet
    assert artefact.passed == (not unmet)


@pytest.mark.parametrize("odd", [1.2, -0.1, float("nan"), "0.9", True])
def test_figures_that_cannot_be_are_refused(odd: Any) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Artefact.read(told(auroc=odd, error=0.01, gender=0.01, disability=0.01))


def test_training_needs_both_outcomes() -> None:
    known = cohort(30)
    with pytest.raises(ValueError, match="both outcomes"):
        train([replace(known, outcome=np.ones(30, bool))], DAY)
    with pytest.raises(ValueError, match="not known"):
        train([replace(known, outcome=None)], DAY)
