"""Grading models as files: arrays and one JSON document in a zip, nothing that a reader would have to run."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from learning.grading.classifier import Classifier
from learning.grading.errors import UnusableModel
from learning.grading.model import GradingModel, Judge, Known, Sketch
from learning.grading.neighbours import Neighbours

FORM = 1
SHIPPED = Path(__file__).with_name("weights") / "short_answers.npz"
_DOCUMENT = "document"


def save(model: GradingModel, path: Path, *, about: Mapping[str, Any]) -> None:
    """Write it. `about` says what it was made of, for people."""
    keys = list(model.graded)
    arrays = _judge_arrays("new", model.new) | _judge_arrays("known", model.known)
    for number, classifier in enumerate(model.blind):
        arrays |= _prefixed(f"blind.{number}", classifier.arrays())
    arrays |= _graded_arrays([model.graded[key].neighbours for key in keys])
    document = {
        "form": FORM,
        "name": model.name,
        "about": dict(about),
        "blind": len(model.blind),
        "questions": keys,
        "folds": [model.graded[key].fold for key in keys],
        "stems": [[sorted(one.stem_set) for one in model.graded[key].neighbours.answers] for key in keys],
    }
    arrays[_DOCUMENT] = np.frombuffer(orjson.dumps(document), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> GradingModel:
    """Read it. Raises `UnusableModel`."""
    document, arrays = _read(path)
    try:
        new, known = _judge_of(arrays, "new"), _judge_of(arrays, "known")
        blind = tuple(Classifier.of(_within(arrays, f"blind.{number}")) for number in range(document["blind"]))
        graded = _known_of(document, arrays, new.classifier.prior)
    except (KeyError, ValueError, TypeError) as error:
        raise UnusableModel(f"{path} lacks a part of a grading model: {error}") from error
    return GradingModel(name=document["name"], new=new, known=known, graded=graded, blind=blind)


def about(path: Path) -> dict[str, Any]:
    """What the model was made of. Raises `UnusableModel`."""
    document, _ = _read(path)
    return {"name": document["name"], **document["about"]}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        document = orjson.loads(arrays.pop(_DOCUMENT).tobytes())
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise UnusableModel(f"{path} is not a grading model: {error}") from error
    if document.get("form") != FORM:
        raise UnusableModel(f"{path} has the form {document.get('form')}, this version reads {FORM}: train it again.")
    return document, arrays


def _judge_arrays(name: str, judge: Judge) -> dict[str, NDArray[Any]]:
    own = {"leaning": judge.leaning, "trust": judge.trust}
    return _prefixed(name, own | _prefixed("classifier", judge.classifier.arrays()))


def _judge_of(arrays: Mapping[str, NDArray[Any]], name: str) -> Judge:
    own = _within(arrays, name)
    return Judge(classifier=Classifier.of(_within(own, "classifier")), leaning=own["leaning"], trust=own["trust"])


def _graded_arrays(graded: Sequence[Neighbours]) -> dict[str, NDArray[Any]]:
    vectors = [one.vector for each in graded for one in each.answers]
    return {
        "graded.vectors": np.array(vectors, dtype=np.float16),
        "graded.labels": np.concatenate([each.labels for each in graded] or [np.empty(0)]).astype(np.int8),
        "graded.chances": np.concatenate([each.chances for each in graded] or [np.empty((0, 3))]).astype(np.float32),
    }


def _known_of(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], prior: NDArray[Any]) -> dict[str, Known]:
    vectors = arrays["graded.vectors"].astype(np.float32)
    labels, chances = arrays["graded.labels"].astype(np.int64), arrays["graded.chances"].astype(np.float64)
    found, at = {}, 0
    for key, fold, stems in zip(document["questions"], document["folds"], document["stems"], strict=True):
        own = slice(at, at + len(stems))
        sketches = [Sketch(vector, frozenset(words)) for vector, words in zip(vectors[own], stems, strict=True)]
        found[key] = Known(neighbours=Neighbours(sketches, labels[own], chances[own], prior), fold=fold)
        at += len(stems)
    return found


def _prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _within(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(f"{prefix}."): array for name, array in arrays.items() if name.startswith(f"{prefix}.")}
