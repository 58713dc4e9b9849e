"""Models of knowledge as files: arrays and one JSON document in a zip, nothing that a reader would have to run."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from configs.errors import AzoraError
from learning.boosting.forest import Forest
from learning.knowledge.bkt import Parameters
from learning.knowledge.history import Skill
from learning.knowledge.model import KnowledgeModel, Predictor

FORM = 1
_DOCUMENT = "document"
_ARRAYS = ("mean", "scale", "weights")


class UnusableModel(AzoraError):
    """A file is not a model of knowledge, or not one of this form."""

    type = "unusable-knowledge-model"
    title = "The model of knowledge cannot be used"


def save(model: KnowledgeModel, path: Path, *, about: Mapping[str, Any]) -> None:
    """Write it. `about` says what it was made of, for people."""
    arrays: dict[str, NDArray[Any]] = {}
    if model.predictor is not None:
        arrays = {name: getattr(model.predictor, name) for name in _ARRAYS}
        arrays |= {f"forest.{name}": array for name, array in model.predictor.forest.arrays().items()}
    document = {
        "form": FORM,
        "name": model.name,
        "about": dict(about),
        "skills": {name: asdict(skill) for name, skill in model.skills.items()},
        "bias": model.predictor.bias if model.predictor is not None else None,
    }
    arrays[_DOCUMENT] = np.frombuffer(orjson.dumps(document), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> KnowledgeModel:
    """Read it. Raises `UnusableModel`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        document = orjson.loads(arrays.pop(_DOCUMENT).tobytes())
        if document.get("form") != FORM:
            raise UnusableModel(f"{path} has the form {document.get('form')}, this version reads {FORM}: fit it again.")
        skills = {name: _skill(raw) for name, raw in document["skills"].items()}
        return KnowledgeModel(name=document["name"], skills=skills, predictor=_predictor(document["bias"], arrays))
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise UnusableModel(f"{path} is not a model of knowledge: {error}") from error


def _skill(raw: dict[str, Any]) -> Skill:
    return Skill(**{**raw, "bkt": Parameters(**raw["bkt"])})


def _predictor(bias: float | None, arrays: Mapping[str, NDArray[Any]]) -> Predictor | None:
    if bias is None:
        return None
    trees = {name.removeprefix("forest."): array for name, array in arrays.items() if name.startswith("forest.")}
    return Predictor(**{name: arrays[name] for name in _ARRAYS}, bias=bias, forest=Forest.of(trees))
