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
from learning.prediction.evaluation import Check, Evaluation, Gate, presentations
from learning.prediction.model import RiskModel

FORMAT = 1


def document_of(
    model: RiskModel, cohorts: Sequence[Cohort], tests: Mapping[str, Evaluation], gate: Gate, data_hash: str
) -> dict[str, Any]:
    """The model as one JSON document. `tests` are by held-out presentation, in the order of time; the last decides."""
    last = list(tests.values())[-1] if tests else None
    checks = last.checks(gate) if last else [Check("held_out_presentations", 0.0, 1.0, False)]
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
    """A model that was read back."""

    version: str
    model: RiskModel
    passed: bool
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any], *, verified: bool = False) -> Artefact:
        """Raises `ValueError` where it is no model of this version, or not what was written.

        `verified`: it was read before it was stored, by a store that may write numbers in another way.
        """
        if document.get("format") != FORMAT:
            raise ValueError("not a model of this version: train it again")
        version = str(document.get("version"))
        if not verified and version != version_of(document):
            raise ValueError("the model was changed after it was written")
        return cls(version, RiskModel.from_document(document["model"]), bool(document["gate"]["passed"]), document)
