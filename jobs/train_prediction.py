"""Train the model of who may withdraw or fail, and test it on a presentation that it has not seen."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from jobs.framework import DataFolder, OutFile, Run, UnusableData, folder_hash, job
from jobs.framework.outputs import write_json


@job(version=4)
def train_prediction(
    run: Run,
    data: DataFolder,
    out: OutFile,
    day: Annotated[int, typer.Option(min=1, max=1000, help="what is known by this day of a presentation")] = 56,
) -> None:
    """Train the risk model on the presentations of a folder, and write it as JSON with its figures and its gate.

    The gate is measured on the last presentation with modules that were there before, by a model made of those before
    it. The model that is written is made of all. One that fails its gate is written too, and says so; it is not served.
    """
    from jobs.data.figures import brief, groups_in_brief, older_test
    from jobs.data.presentations import read_presentations
    from learning.prediction.artefact import document_of
    from learning.prediction.evaluation import Gate, held_out, presentations
    from learning.prediction.model import train

    with run.step("Reading"):
        found = read_presentations(data, day)
    run.warn(*found.remarks)
    run.warn(*found.undecided)
    cohorts = [cohort for cohort in found.cohorts if cohort.outcome is not None]
    if not cohorts:
        raise UnusableData("Nobody has a final_result: there is nothing to learn from.")
    run.warn(*older_test(cohorts, "modules"))
    try:
        # Each presentation in turn, by a model made of the others; the last by one made of those before it.
        tests = held_out(cohorts, day, found.attributes, through=partial(run.track, what="presentations held out"))
        with run.step("Training on all"):
            model = train(cohorts, day)
    except ValueError as error:
        raise UnusableData(f"The model cannot be trained, on all or without one presentation: {error}.") from error
    document = document_of(model, cohorts, tests, Gate(), data_hash=folder_hash(data, out))
    write_json(out, document)
    run.note(
        learners=sum(int(cohort.known.sum()) for cohort in cohorts),
        presentations=presentations(cohorts),
        gate="passed" if document["gate"]["passed"] else "FAILED: the model is not served",
        checks=document["gate"]["checks"],
        held_out=[{"presentation": code, **brief(test)} for code, test in tests.items()],
        groups=groups_in_brief(list(tests.values())[-1]) if tests else [],
    )


if __name__ == "__main__":
    train_prediction()
