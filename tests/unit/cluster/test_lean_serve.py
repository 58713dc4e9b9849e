"""What Ray's workers do first: each case in a process of its own, for modules are imported once."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from cluster import ray_environment

_SEEN = "import sys; import {first}; import ray.serve; {then}; print('pandas' in sys.modules)"


def _run(first: str, then: str = "pass") -> str:
    done = subprocess.run(
        [sys.executable, "-c", _SEEN.format(first=first, then=then)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("first", "then", "there"),
    [("cluster.lean_serve", "pass", "False"), ("cluster.lean_serve", "import pandas; pandas.DataFrame()", "True")],
    ids=["Serve does not bring it", "others have it"],
)
def test_pandas_is_hidden_from_serve_alone(first: str, then: str, there: str) -> None:
    assert _run(first, then) == there


def test_workers_look_for_garbage_seldom() -> None:
    seen = "import gc; import cluster.rare_collections; print(gc.isenabled(), gc.get_threshold()[0] >= 50_000)"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True True"


def test_what_workers_are_told_to_import_is_there() -> None:
    named = (*ray_environment._FIRST_IN_WORKERS, ray_environment._FIRST_IN_WARM_WORKERS, "cluster.serve_controller")
    assert [name for name in named if find_spec(name) is None] == []
