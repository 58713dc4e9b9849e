"""Grading models as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.artefact import Arrays, UnusableModel, prefixed, read, within, write
from learning.boosting.forest import Numbers
from learning.grading.classifier import Classifier
from learning.grading.model import GradingModel, Judge, Known, Sketch
from learning.grading.neighbours import Neighbours

KIND, FORM = "grading", 2
SHIPPED = Path(__file__).with_name("weights") / "short_answers.npz"


def save(model: GradingModel, path: Path, *, about: Mapping[str, Any]) -> None:
    """Write it. `about` says what it was made of, for people."""
    keys = list(model.graded)
    arrays = _judge_arrays("new", model.new) | _judge_arrays("known", model.known)
    for number, classifier in enumerate(model.blind):
        arrays |= prefixed(f"blind.{number}", classifier.arrays())
    arrays |= _graded_arrays([model.graded[key].neighbours for key in keys])
    document = {
        "name": model.name,
        "about": dict(about),
        "blind": len(model.blind),
        "questions": keys,
        "folds": [model.graded[key].fold for key in keys],
        "stems": [[sorted(one.stem_set) for one in model.graded[key].neighbours.answers] for key in keys],
    }
    write(path, KIND, FORM, document, arrays)


def load(path: Path) -> GradingModel:
    """Read it. Raises `UnusableModel`."""
    document, arrays = read(path, KIND, FORM)
    try:
        new, known = _judge_of(arrays, "new"), _judge_of(arrays, "known")
        blind = tuple(Classifier.of(within(arrays, f"blind.{number}")) for number in range(document["blind"]))
        graded = _known_of(document, arrays, new.classifier.prior)
    except (KeyError, ValueError, TypeError) as error:
        raise UnusableModel(f"{path} lacks a part of a grading model: {error}") from error
    return GradingModel(
        name=document["name"], new=new, known=known, graded=graded, blind=blind, about=document["about"]
    )


def _judge_arrays(name: str, judge: Judge) -> Arrays:
    own = {"leaning": judge.leaning, "trust": judge.trust}
    return prefixed(name, own | prefixed("classifier", judge.classifier.arrays()))


def _judge_of(arrays: Arrays, name: str) -> Judge:
    own = within(arrays, name)
    return Judge(classifier=Classifier.of(within(own, "classifier")), leaning=own["leaning"], trust=own["trust"])


def _graded_arrays(graded: Sequence[Neighbours]) -> Arrays:
    vectors = [one.vector for each in graded for one in each.answers]
    return {
        "graded.vectors": np.array(vectors, dtype=np.float16),
        "graded.labels": _joined([each.labels for each in graded], (0,)).astype(np.int8),
        "graded.chances": _joined([each.chances for each in graded], (0, 3)).astype(np.float32),
    }


def _joined(parts: Sequence[NDArray[Any]], empty: tuple[int, ...]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(empty)


def _known_of(document: Mapping[str, Any], arrays: Arrays, prior: Numbers) -> dict[str, Known]:
    vectors = arrays["graded.vectors"].astype(np.float32)
    labels, chances = arrays["graded.labels"].astype(np.int64), arrays["graded.chances"].astype(np.float64)
    found, at = {}, 0
    for key, fold, stems in zip(document["questions"], document["folds"], document["stems"], strict=True):
        own = slice(at, at + len(stems))
        sketches = [Sketch(vector, frozenset(words)) for vector, words in zip(vectors[own], stems, strict=True)]
        found[key] = Known(neighbours=Neighbours(sketches, labels[own], chances[own], prior), fold=fold)
        at += len(stems)
    return found
