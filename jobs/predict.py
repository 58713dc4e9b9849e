"""Predict who may withdraw or fail, with reasons in words and what may help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.framework import DataFolder, Row, RowsFile, Run, UnusableData, job

COLUMNS = (
    *("learner", "module", "presentation", "day", "probability", "level"),
    *("reasons", "intervention", "suggestion", "model"),
)


@job(version=4)
def predict(
    run: Run,
    data: DataFolder,
    out: RowsFile,
    model: Annotated[Path, typer.Option(help="the model that `train-prediction` wrote")],
    day: Annotated[int | None, typer.Option(min=1, max=1000, help="default: the day the model was made for")] = None,
    failed_gate_too: Annotated[
        bool, typer.Option("--failed-gate-too", help="use a model that failed its gate")
    ] = False,
) -> None:
    """Predict for everybody who is enrolled on the day, in a folder of the layout the model was trained on.

    One row for each learner of each presentation. Outcomes are not needed and not looked at.
    """
    from jobs.data.models import read_model
    from jobs.data.presentations import read_presentations
    from learning.prediction.reasons import Explained, explain

    artefact = read_model(model, failed_gate_too=failed_gate_too)
    if day is not None and day != artefact.model.day:
        raise UnusableData(f"The model was made for day {artefact.model.day}, not for day {day}: train one for it.")
    with run.step("Reading"):
        found = read_presentations(data, artefact.model.day)
    run.warn(*found.remarks)
    unknown = sorted({c.module for c in found.cohorts} - set(artefact.model.modules))
    if unknown:
        run.warn(f"Never seen in training: {', '.join(unknown)}. Their probabilities are rougher.")

    def row(cohort: Any, explained: Explained) -> Row:
        return {
            "learner": explained.learner,
            "module": cohort.module,
            "presentation": cohort.presentation,
            "day": artefact.model.day,
            "probability": round(explained.probability, 6),
            "level": explained.level,
            "reasons": "; ".join(reason.text for reason in explained.reasons),
            "intervention": explained.intervention,
            "suggestion": explained.suggestion,
            "model": artefact.version,
        }

    rows = [
        row(cohort, one)
        for cohort in run.track(found.cohorts, "presentations")
        for one in explain(artefact.model, cohort)
    ]
    run.write(rows, COLUMNS)
    run.note(
        model=artefact.version,
        levels={level: sum(r["level"] == level for r in rows) for level in ("low", "moderate", "high")},
    )


if __name__ == "__main__":
    predict()
