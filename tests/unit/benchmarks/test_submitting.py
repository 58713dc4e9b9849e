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
from benchmarks.jobs.asked import asked, on_learners
from jobs import catalogue


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


def test_every_job_is_asked_for(tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    for folder in ("short_answers", "knowledge_tracing", "oulad"):
        (data / folder).mkdir(parents=True)
    work.mkdir()
    (data / "short_answers" / "train.jsonl").write_text("{}\n")
    (data / "knowledge_tracing" / "results.csv").write_text("user_id,skill_name,correct\n")
    named = {one.name for one in [*asked(data, work, work, 10), on_learners("school")]}
    assert named == {entry.name for entry in catalogue.entries()}
