"""Reasons stand on facts: of what is not known nothing is said, and whoever is at risk is told why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.prediction.cohort import Cohort
from learning.prediction.features import NAMES
from learning.prediction.model import RiskModel, train
from learning.prediction.reasons import COURSE, SUBJECTS, explain
from tests.unit.prediction.worlds import cohort, world

DAY = 56
UNKNOWN = {
    "registration": ("registered_day",),
    "repeating": ("previous_attempts",),
    "load": ("credits",),
    "activity": ("clicks", "visits", "unevenness"),
}
"""Subjects, and the columns of a cohort that tell of them."""


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return train(world(), DAY)


def told(model: RiskModel, known: Cohort) -> list[str]:
    return [reason.text for explained in explain(model, known) for reason in explained.reasons]


def of(model: RiskModel, known: Cohort, subject: str) -> np.ndarray:
    return model.contributions(known)[:, [NAMES.index(name) for name in SUBJECTS[subject]]]


@pytest.mark.parametrize("subject", UNKNOWN)
def test_what_is_not_known_adds_nothing_and_is_no_reason(model: RiskModel, subject: str) -> None:
    known = cohort(80, 21)
    nothing = np.full(known.size, np.nan)
    without = replace(known, **dict.fromkeys(UNKNOWN[subject], nothing))
    assert np.abs(of(model, known, subject)).max() > 0
    assert np.array_equal(of(model, without, subject), np.zeros_like(of(model, without, subject)))
    strong = replace(model, common=model.common * 0 + 5.0)  # so that everything which is known is said
    assert subject not in {one.subject for found in explain(strong, without) for one in found.reasons}


def test_where_no_task_is_due_nothing_is_said_of_tasks(model: RiskModel) -> None:
    known = cohort(80, 22)
    early = replace(known, task_day=known.task_day + DAY, submitted=np.full_like(known.submitted, np.nan))
    for subject in ("submissions", "marks", "punctuality"):
        assert not of(model, early, subject).any()
    subjects = {one.subject for found in explain(model, early) for one in found.reasons}
    assert not subjects & {"submissions", "marks", "punctuality"}


@given(st.integers(0, 30), st.floats(-3, 3), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_whoever_is_at_risk_is_told_why(model: RiskModel, seed: int, intercept: float, strength: float) -> None:
    made = replace(
        model,
        intercept=intercept,
        common=model.common * strength,
        slopes={module: slopes * strength for module, slopes in model.slopes.items()},
    )
    for explained in explain(made, cohort(30, seed)):
        raising = [reason for reason in explained.reasons if reason.weight > 0 or reason.subject == COURSE]
        assert bool(raising) or explained.level == "low"
        assert len(explained.reasons) <= 3
        assert (explained.intervention is None) == (explained.level == "low")


def test_who_has_only_good_signs_in_a_hard_course_is_told_of_the_course(model: RiskModel) -> None:
    flat = replace(model, common=model.common * 0, slopes={}, modules={}, seasons={}, intercept=0.0)
    for explained in explain(flat, cohort(5, 3)):
        assert [(one.subject, one.text) for one in explained.reasons] == [
            (COURSE, "The average learner of this course is at 50 %")
        ]
        assert (explained.level, explained.intervention) == ("high", "check_in")


def test_only_those_who_registered_after_the_start_are_said_to_have_started_late(model: RiskModel) -> None:
    only = np.array([{"registered_early": -3.0, "registered_late": 3.0}.get(name, 0.0) for name in NAMES])
    made = replace(model, common=only, slopes={}, modules={}, seasons={}, intercept=2.0)
    known = cohort(200, 4)
    seen = {
        (found.intervention, bool(day > 0))
        for day, found in zip(known.registered_day, explain(made, known), strict=True)
        if found.level != "low" and found.reasons[0].subject == "registration"
    }
    assert seen == {("help_catch_up", True), ("check_in", False)}


def test_where_everybody_keeps_their_own_pace_no_dates_and_no_clicks_are_told_of(model: RiskModel) -> None:
    strong = replace(model, common=model.common * 3)
    known = cohort(120, 23)
    assert any("click" in text for text in told(strong, known))
    texts = told(strong, replace(known, own_pace=True))
    assert not [text for text in texts if "click" in text or "late" in text.split() or "due" in text or "date" in text]
    assert any("attempts made" in text for text in texts)
