"""Measure a risk model where the outcomes are known: quality, calibration, fairness by group and within modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.framework import DataFolder, OutFile, Run, UnusableData, job
from jobs.framework.outputs import write_json

if TYPE_CHECKING:
    from learning.prediction.artefact import Artefact
    from learning.prediction.cohort import Cohort


@job(version=4)
def evaluate_prediction(
    run: Run,
    data: DataFolder,
    out: OutFile,
    model: Annotated[Path, typer.Option(help="the model that `train-prediction` wrote")],
) -> None:
    """Write a report in JSON on a folder whose `student` table has `final_result`.

    Cohorts that the model was made of would flatter it: where there are others, these alone are measured.
    """
    from dataclasses import asdict

    from jobs.data.figures import groups_in_brief
    from jobs.data.models import read_model
    from jobs.data.presentations import read_presentations
    from learning.prediction.evaluation import Gate, evaluate

    artefact = read_model(model, failed_gate_too=True)
    with run.step("Reading"):
        found = read_presentations(data, artefact.model.day)
    run.warn(*found.remarks, *found.undecided)
    measured, seen = unseen(found.cohorts, artefact.document["lineage"])
    run.warn(*flattering(measured, seen))
    with run.step("Measuring"):
        try:
            evaluation = evaluate(artefact.model, measured, found.attributes)
        except ValueError as error:
            raise UnusableData(f"{data} cannot be evaluated on: {error}.") from error
    stability = _stability(artefact, run.track(measured, "presentations"))
    checks = [asdict(check) for check in evaluation.checks(Gate())]
    passed = all(check["passed"] for check in checks)
    write_json(
        out,
        {
            "model": artefact.version,
            "cohorts": [cohort.name for cohort in measured],
            "seen_in_training": seen,
            "passed": passed,
            "checks": checks,
            **evaluation.summary(),
            "population_stability_index": stability,
            "reliability": evaluation.reliability,
            "fairness": evaluation.fairness.document(),
        },
    )
    run.note(
        model=artefact.version,
        gate="passed" if passed else "failed",
        learners=evaluation.learners,
        population_stability_index=stability,
        checks=checks,
        within_modules=evaluation.fairness.within_modules,
        groups=groups_in_brief(evaluation),
    )


def _stability(artefact: Artefact, cohorts: Iterable[Cohort]) -> float:
    """How far what is predicted of these has moved from what was predicted of those that the model was made of."""
    import numpy as np

    from learning.fairness.drift import population_stability_index, shares

    distribution = artefact.document["distribution"]
    predictions = np.concatenate([artefact.model.probability(cohort) for cohort in cohorts])
    return population_stability_index(
        np.array(distribution["shares"]), shares(predictions, np.array(distribution["borders"]))
    )


def unseen(cohorts: Sequence[Cohort], lineage: Mapping[str, Any]) -> tuple[Sequence[Cohort], list[str]]:
    """The cohorts that a model was not made of, or all where it was made of all; and the names of those it was."""
    learnt = {cohort["name"] for cohort in lineage["cohorts"]}
    fresh = [cohort for cohort in cohorts if cohort.name not in learnt]
    measured = fresh if any(cohort.known.any() for cohort in fresh) else cohorts
    return measured, [cohort.name for cohort in cohorts if cohort.name in learnt]


def flattering(measured: Sequence[Cohort], seen: Sequence[str]) -> Iterator[str]:
    """What to know of figures where a model was made of some of the cohorts."""
    if not seen:
        return
    aside = not {cohort.name for cohort in measured} & set(seen)
    figures = "the figures are without them" if aside else "there are no others, and the figures flatter it"
    yield f"The model was made of {', '.join(seen)}: {figures}."


if __name__ == "__main__":
    evaluate_prediction()
