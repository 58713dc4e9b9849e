"""Weights that come in a package's files: found without importing it, checked, and loaded for the processor.

`onnxruntime` is imported when a model is loaded, not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from learning.embedding.errors import EmbeddingUnavailable

_RUNTIME = "onnxruntime"


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A file of a package, named from the package's own folder, and the SHA-256 that it has."""

    package: str
    file: str
    digest: str

    def missing(self) -> str | None:
        """What would have to be installed; None where all is there. Loads nothing."""
        absent = [name for name in (_RUNTIME, self.package) if find_spec(name) is None]
        return f"not installed: {', '.join(absent)}" if absent else None

    def path(self) -> Path:
        """Where the weights are. Raises `EmbeddingUnavailable`."""
        if problem := self.missing():
            raise EmbeddingUnavailable(problem)
        package = find_spec(self.package)
        assert package is not None
        assert package.origin is not None
        return Path(package.origin).parent / self.file

    def session(self, *, threads: int, file: Path | None = None) -> Any:
        """The model of the package, or of a file that equals it. Raises `EmbeddingUnavailable`."""
        file = file or self.path()
        try:
            weights = file.read_bytes()
        except OSError as error:
            raise EmbeddingUnavailable(f"{file.name} cannot be read") from error
        if sha256(weights).hexdigest() != self.digest:
            raise EmbeddingUnavailable(f"{file.name} is not the file it should be: its SHA-256 differs")
        return _session(weights, threads)


def _session(weights: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps what the longest batch ever needed
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others need the processor
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors have no common root
        raise EmbeddingUnavailable(f"the model cannot be loaded: {error}") from error
