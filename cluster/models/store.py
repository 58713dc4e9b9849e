"""The models that a home has, each a folder with a manifest of what belongs into it.

<home>/models/<name>/               configuration, tokenizer and weights, as transformers and vLLM read them
<home>/models/<name>/azora.json     where it came from, and the size and SHA-256 of every file
<home>/models/.parts/<name>/        what is being fetched; taken up again next time
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from cluster.models.errors import ModelDamaged

MANIFEST = "azora.json"
_PARTS = ".parts"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a model, by its path inside the model's folder."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model is made of."""

    name: str
    source: str
    licence: str | None
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


class ModelStore:
    """The models below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        """Where the model of that name is, or would be."""
        return self.root / name

    def part(self, name: str) -> Path:
        """A folder for what is being fetched under that name, made where it is missing."""
        path = self.root / _PARTS / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def manifest(self, name: str) -> Manifest | None:
        """What the model consists of; None where there is none of that name, or it was never finished."""
        try:
            content = orjson.loads((self.folder(name) / MANIFEST).read_bytes())
            return Manifest(**{**content, "files": tuple(File(**file) for file in content["files"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise ModelDamaged(f"{self.folder(name) / MANIFEST} cannot be read: {error}") from error

    def all(self) -> Iterator[Manifest]:
        """Every finished model, by name."""
        for path in sorted(self.root.glob(f"[!.]*/{MANIFEST}")):
            if (found := self.manifest(path.parent.name)) is not None:
                yield found

    def damage(self, manifest: Manifest) -> list[str]:
        """What is missing or differs from the manifest; reads every byte."""
        folder = self.folder(manifest.name)
        return [problem for file in manifest.files if (problem := _difference(folder, file))]

    def adopt(self, name: str, source: str, licence: str | None) -> Manifest:
        """Put what was made in `part(name)` in its place, replacing what is there; the last step is a rename."""
        part, folder = self.part(name), self.folder(name)
        files = tuple(_described(part, path) for path in sorted(part.rglob("*")) if path.is_file())
        manifest = Manifest(name=name, source=source, licence=licence, files=files)
        (part / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
        return manifest


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _described(folder: Path, path: Path) -> File:
    return File(path.relative_to(folder).as_posix(), path.stat().st_size, sha256_of(path))


def _difference(folder: Path, file: File) -> str | None:
    path = folder / file.path
    if not path.is_file():
        return f"{file.path} is missing"
    if path.stat().st_size != file.size:
        return f"{file.path} has {path.stat().st_size} bytes instead of {file.size}"
    return None if sha256_of(path) == file.sha256 else f"{file.path} has other content"
