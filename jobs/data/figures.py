"""Figures of an evaluation that fit on a screen; the files have all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobs.framework import Row
from learning.prediction.cohort import Cohort
from learning.prediction.evaluation import Evaluation, presentations, tested_in_time

_SHOWN = ("gender", "disability")


def brief(evaluation: Evaluation) -> Row:
    """One line on an evaluation."""
    figures = evaluation.summary()
    return {
        "learners": evaluation.learners,
        "AUROC": figures["auroc"],
        "ECE": figures["expected_calibration_error"],
        "predicted": figures["mean_probability"],
        "observed": figures["observed_rate"],
        **{f"ABROCA {name}": figures.get(f"abroca_{name}") for name in _SHOWN},
    }


def groups_in_brief(evaluation: Evaluation) -> list[Row]:
    """One line on each group of the attributes that the gate looks at."""
    return [
        {
            "attribute": group.attribute,
            "group": group.group,
            "learners": group.learners,
            "AUROC": group.auroc,
            "ECE": group.expected_calibration_error,
            "predicted": group.mean_probability,
            "observed": group.observed_rate,
            "recall": group.recall,
            "false alarms": group.false_alarm_rate,
        }
        for group in evaluation.fairness.groups
        if group.attribute in _SHOWN
    ]


def older_test(cohorts: Sequence[Cohort], modules: str) -> Iterator[str]:
    """What to know of a gate that is not measured on the last presentation. `modules`: what these are called."""
    tested, ordered = tested_in_time(cohorts), presentations(cohorts)
    if tested is not None and (later := ordered[ordered.index(tested) + 1 :]):
        yield (
            f"None of the {modules} of {', '.join(later)} was there before: the gate is measured on {tested}, by a "
            "model made of what came before that alone."
        )
