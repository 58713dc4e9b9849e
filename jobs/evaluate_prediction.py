"""Measure a risk model where the outcomes are known: quality, calibration, fairness by group and within modules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.framework import DataFolder, OutFile, Run, UnusableData, job
from jobs.framework.outputs import write_json


@job(version=2)
def evaluate_prediction(
    run: Run,
    data: DataFolder,
    out: OutFile,
    model: Annotated[Path, typer.Option(help="the model that `train-prediction` wrote")],
) -> None:
    """Write a report in JSON on a folder whose `student` table has `final_result`. The model must not be made of it."""
    from dataclasses import asdict

    import numpy as np

    from jobs.data.figures import groups_in_brief
    from jobs.data.models import read_model
    from jobs.data.presentations import read_presentations
    from learning.fairness.drift import population_stability_index, shares
    from learning.prediction.evaluation import Gate, evaluate

    artefact = read_model(model, failed_gate_too=True)
    with run.step("Reading"):
        found = read_presentations(data, artefact.model.day)
    run.warn(*found.remarks, *found.undecided)
    with run.step("Measuring"):
        try:
            evaluation = evaluate(artefact.model, found.cohorts, found.attributes)
        except ValueError as error:
            raise UnusableData(f"{data} cannot be evaluated on: {error}.") from error
    distribution = artefact.document["distribution"]
    predictions = np.concatenate(
        [artefact.model.probability(cohort) for cohort in run.track(found.cohorts, "presentations")]
    )
    stability = population_stability_index(
        np.array(distribution["shares"]), shares(predictions, np.array(distribution["borders"]))
    )
    checks = [asdict(check) for check in evaluation.checks(Gate())]
    passed = all(check["passed"] for check in checks)
    write_json(
        out,
        {
            "model": artefact.version,
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


if __name__ == "__main__":
    evaluate_prediction()
