"""Models of the results of a course: what they need, and what their figures are of."""

from __future__ import annotations

import random
from typing import Any

import pytest

from deployments.learning import fitting
from learning.knowledge.fitting import Learner


def results(learners: int, each: int, right: float = 0.6) -> list[Learner]:
    chance = random.Random(3)
    return [Learner(["a"] * each, [int(chance.random() < right) for _ in range(each)]) for _ in range(learners)]


def test_a_predictor_needs_no_more_answers_than_it_learns_from() -> None:
    """Four fifths of them are too few for a check: there is no figure, and a predictor all the same."""
    made = fitting._fitted(None, results(11, 100))
    assert made.model.predictor is not None
    assert "auc_held_out" not in made.about
    few = fitting._fitted(None, results(9, 100))
    assert few.model.predictor is None
    assert "fewer than 1000" in few.about["predictor"]


def test_those_held_out_have_no_part_in_what_they_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    fit = fitting._skills

    def counted(learners: list[Learner]) -> Any:
        seen.append(len(learners))
        return fit(learners)

    monkeypatch.setattr(fitting, "_skills", counted)
    assert fitting._held_out(results(20, 100)) is not None
    assert seen == [16]
