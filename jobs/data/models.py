"""Model files."""

from __future__ import annotations

from pathlib import Path

import orjson

from jobs.framework import JobError, MissingData, UnusableData
from learning.prediction.artefact import Artefact


class NotFitToServe(JobError):
    """A model that failed its gate is not used."""


def read_model(path: Path, *, failed_gate_too: bool = False) -> Artefact:
    """A risk model. Raises `MissingData`, `UnusableData`, and `NotFitToServe` where it failed its gate."""
    if not path.is_file():
        raise MissingData(f"There is no model {path}. `azora job train-prediction` makes one.")
    try:
        artefact = Artefact.read(orjson.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableData(f"{path} cannot be used: {error}.") from error
    if not artefact.passed and not failed_gate_too:
        failed = [check["name"] for check in artefact.document["gate"]["checks"] if not check["passed"]]
        raise NotFitToServe(
            f"The model failed its gate ({', '.join(failed)}) and is not used. Train a better one, or look at its "
            "predictions all the same with --failed-gate-too."
        )
    return artefact
