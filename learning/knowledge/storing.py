"""Models of knowledge as files, and as rows of a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

from learning.artefact import Arrays, UnusableModel, prefixed, read, within, write
from learning.boosting.forest import Forest
from learning.knowledge.bkt import Parameters
from learning.knowledge.history import UNKNOWN, Skill
from learning.knowledge.model import KnowledgeModel, Predictor

KIND, PREDICTOR, FORM = "knowledge", "knowledge-predictor", 1
_ARRAYS = ("mean", "scale", "weights")


def save(model: KnowledgeModel, path: Path, *, about: Mapping[str, Any]) -> None:
    """Write it. `about` says what it was made of, for people."""
    arrays: Arrays = {}
    if model.predictor is not None:
        arrays = {name: getattr(model.predictor, name) for name in _ARRAYS}
        arrays |= prefixed("forest", model.predictor.forest.arrays())
    document = {
        "name": model.name,
        "about": dict(about),
        "skills": {name: asdict(skill) for name, skill in model.skills.items()},
        "usual": asdict(model.usual),
        "bias": model.predictor.bias if model.predictor is not None else None,
    }
    write(path, KIND, FORM, document, arrays)


def load(path: Path) -> KnowledgeModel:
    """Read it. Raises `UnusableModel`."""
    document, arrays = read(path, KIND, FORM)
    try:
        skills = {name: _skill(raw) for name, raw in document["skills"].items()}
        usual = _skill(document["usual"]) if "usual" in document else UNKNOWN
        predictor = _predictor(document["bias"], arrays)
        return KnowledgeModel(name=document["name"], skills=skills, predictor=predictor, usual=usual)
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableModel(f"{path} lacks a part of a model of knowledge: {error}") from error


def skills_document(model: KnowledgeModel) -> dict[str, Any]:
    """The skills alone, as JSON may hold them; under the empty name what is usual."""
    return {"": asdict(model.usual), **{name: asdict(skill) for name, skill in model.skills.items()}}


def packed_predictor(predictor: Predictor) -> bytes:
    """The predictor alone."""
    file = BytesIO()
    arrays: Arrays = {name: getattr(predictor, name) for name in _ARRAYS}
    write(file, PREDICTOR, FORM, {"bias": predictor.bias}, arrays | prefixed("forest", predictor.forest.arrays()))
    return file.getvalue()


def model_of(name: str, skills: Mapping[str, Any], predictor: bytes | None = None) -> KnowledgeModel:
    """From what `skills_document` and `packed_predictor` gave. Raises `UnusableModel`."""
    read_skills = {id: _skill(raw) for id, raw in skills.items()}
    usual = read_skills.pop("", UNKNOWN)
    unpacked = None
    if predictor is not None:
        document, arrays = read(BytesIO(predictor), PREDICTOR, FORM)
        unpacked = _predictor(document["bias"], arrays)
    return KnowledgeModel(name=name, skills=read_skills, predictor=unpacked, usual=usual)


def _skill(raw: dict[str, Any]) -> Skill:
    return Skill(**{**raw, "bkt": Parameters(**raw["bkt"])})


def _predictor(bias: float | None, arrays: Arrays) -> Predictor | None:
    if bias is None:
        return None
    own = {name: arrays[name] for name in _ARRAYS}
    return Predictor(**own, bias=bias, forest=Forest.of(within(arrays, "forest")))
