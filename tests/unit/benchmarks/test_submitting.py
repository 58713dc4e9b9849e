"""Jobs that the benchmark of several nodes submits."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from benchmarks.cluster import submitting


async def test_nothing_goes_on_after_the_time_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = tmp_path / "ray"
    ray.write_text("#!/bin/sh\nexec sleep 60\n")
    ray.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(submitting, "_TIMEOUT_SECONDS", 0.2)
    cluster: Any = SimpleNamespace(token="t", dashboard_url="http://127.0.0.1:1")
    job: Any = SimpleNamespace(name="a-job", arguments=lambda _: [])
    with pytest.raises(TimeoutError):
        await submitting.submit(cluster, job, 1, tmp_path)
    await asyncio.sleep(0)
    assert not [one for one in psutil.Process().children() if "sleep" in one.name()]
