"""Models as files: arrays and one JSON document in a zip, nothing that a reader would have to run."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from configs.errors import AzoraError

Arrays = dict[str, NDArray[Any]]
_DOCUMENT = "document"


class UnusableModel(AzoraError):
    """A file is no model of this kind, or one of another form."""

    type = "unusable-model"
    title = "The model cannot be used"


def write(
    target: Path | BinaryIO, kind: str, form: int, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a model. `kind` and `form` are what a reader has to ask for."""
    head = orjson.dumps({"kind": kind, "form": form, **document})
    parts: Arrays = {**arrays, _DOCUMENT: np.frombuffer(head, dtype=np.uint8)}
    if not isinstance(target, Path):
        np.savez_compressed(target, **parts)  # type: ignore[arg-type]
        return
    with target.open("wb") as file:
        np.savez_compressed(file, **parts)  # type: ignore[arg-type]


def read(path: Path | BinaryIO, kind: str, form: int) -> tuple[dict[str, Any], Arrays]:
    """The document and the arrays. Raises `UnusableModel`."""
    if isinstance(path, Path) and path.is_file() and not zipfile.is_zipfile(path):
        raise UnusableModel(f"{path} is not a model: a model is an archive of arrays, in a .npz file.")
    try:
        with path.open("rb") if isinstance(path, Path) else path as file, np.load(file, allow_pickle=False) as opened:
            arrays = {name: opened[name] for name in opened.files}
        document = orjson.loads(arrays.pop(_DOCUMENT).tobytes())
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise UnusableModel(f"{path} is not a model: {error}") from error
    if document.get("kind") != kind or document.get("form") != form:
        raise UnusableModel(
            f"{path} holds {document.get('kind')} of form {document.get('form')}; {kind} of form {form} is asked for."
        )
    return document, arrays


def prefixed(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """The arrays under longer names."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def within(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Arrays:
    """Those under the prefix, by what is left of their names."""
    return {name.removeprefix(f"{prefix}."): array for name, array in arrays.items() if name.startswith(f"{prefix}.")}
