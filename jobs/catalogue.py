"""The jobs there are: one module of this package each."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from jobs.framework import Job

_HERE = Path(__file__).parent
_NO_JOBS = {"__init__", "catalogue"}


@dataclass(frozen=True)
class Entry:
    """A job by name, with the first sentence of its module."""

    name: str
    summary: str


def entries() -> list[Entry]:
    """Every job, without importing one: some import much."""
    return [
        Entry(path.stem.replace("_", "-"), (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0])
        for path in sorted(_HERE.glob("*.py"))
        if path.stem not in _NO_JOBS
    ]


def find(name: str) -> Job | None:
    """The job of that name, None where there is none."""
    if name not in {entry.name for entry in entries()}:
        return None
    module = import_module(f"jobs.{name.replace('-', '_')}")
    found = getattr(module, name.replace("-", "_"))
    assert isinstance(found, Job)
    return found
