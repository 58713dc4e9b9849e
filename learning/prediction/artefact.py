"""A trained model with all that must be known of it: what it was made of, how good it is, whether it may serve."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from learning.fairness.drift import deciles, shares
from learning.prediction.cohort import Cohort
from learning.prediction.evaluation import Check, Evaluation, Gate, in_time, presentations
from learning.prediction.model import RiskModel

FORMAT = 1
_GATE = Gate()
_NEVER_TESTED = Check("held_out_presentations", 0.0, 1.0, False)


def document_of(
    model: RiskModel, cohorts: Sequence[Cohort], tests: Mapping[str, Evaluation], gate: Gate, data_hash: str
) -> dict[str, Any]:
    """The model as one JSON document. `tests` are by held-out presentation, in the order of time; the last decides."""
    last = list(tests.values())[-1] if tests else None
    checks = last.checks(gate) if last else [_NEVER_TESTED]
    predictions = np.concatenate([model.probability(cohort) for cohort in cohorts])
    borders = deciles(predictions)
    document = {
        "format": FORMAT,
        "model": model.document(),
        "lineage": {
            "data_sha256": data_hash,
            "presentations": presentations(cohorts),
            "cohorts": [{"name": cohort.name, "learners": int(cohort.known.sum())} for cohort in cohorts],
        },
        "metrics": {code: {**test.summary(), "reliability": test.reliability} for code, test in tests.items()},
        "fairness": {code: test.fairness.document() for code, test in tests.items()},
        "gate": {"passed": all(check.passed for check in checks), "checks": [asdict(check) for check in checks]},
        "distribution": {"borders": borders.tolist(), "shares": shares(predictions, borders).tolist()},
    }
    document["version"] = version_of(document)
    return document


def version_of(document: Mapping[str, Any]) -> str:
    """A short name for exactly this model: twelve characters of the hash of its content."""
    content = {key: value for key, value in document.items() if key != "version"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Artefact:
    """A model that was read back, with what a gate says of the figures that it brings."""

    version: str
    model: RiskModel
    checks: tuple[Check, ...]
    document: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @classmethod
    def read(cls, document: Mapping[str, Any], *, gate: Gate = _GATE, verified: bool = False) -> Artefact:
        """Raises `ValueError` where it is no model of this version, or not what was written.

        The outcome of a gate that the document tells of counts for nothing. `verified`: it was read before it was
        stored, by a store that may write numbers in another way.
        """
        if document.get("format") != FORMAT:
            raise ValueError("not a model of this version: train it again")
        version = str(document.get("version"))
        if not verified and version != version_of(document):
            raise ValueError("the model was changed after it was written")
        return cls(version, RiskModel.from_document(document["model"]), tuple(checks_of(document, gate)), document)


def checks_of(document: Mapping[str, Any], gate: Gate = _GATE) -> list[Check]:
    """A gate's conditions, of the figures over the last presentation that was held out. Raises `ValueError`."""
    codes = sorted(document["metrics"], key=in_time)
    if not codes:
        return [_NEVER_TESTED]
    metrics, fairness = document["metrics"][codes[-1]], document["fairness"][codes[-1]]
    abroca = {figures["attribute"]: _share(figures["abroca"]) for figures in fairness["attributes"]}
    return gate.checks(_share(metrics["auroc"]), _share(metrics["expected_calibration_error"]), abroca)


def _share(value: object) -> float | None:
    """A figure between 0 and 1; None where it was not measured. Raises `ValueError`."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a figure of the model is not between 0 and 1")
    return float(value)
