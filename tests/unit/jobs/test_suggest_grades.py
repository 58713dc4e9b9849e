"""The job that suggests grades: a work that fails does not keep the others from theirs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

import jobs.suggest_grades as suggesting
from deployments.enrollments import grading_all
from deployments.kit.decisions import AutomatedDecisionsStopped
from jobs.data import platform
from jobs.framework.execution import Means
from jobs.framework.run import Run
from jobs.suggest_grades import suggest_grades
from learning.embedding.embedder import Embedder
from stores import decisions
from stores.errors import StoreUnavailable
from stores.ids import new_id

SETTINGS = {"grading_confidence": 0.7, "grading_model": None}


class Store:
    @asynccontextmanager
    async def transaction(self, _: Any) -> Any:
        yield None


def figures(monkeypatch: pytest.MonkeyPatch, *comes: Any) -> dict[str, Any]:
    """What the job notes where this comes of the works of an organisation."""
    left = list(comes)

    class Suggesting:
        def __init__(self, *_: Any) -> None: ...

        async def suggest(self, *_: Any) -> str:
            came = left.pop(0)
            if isinstance(came, Exception):
                raise came
            return str(came)

    async def waiting(*_: Any) -> list[Any]:
        return [SimpleNamespace(submission_id=new_id()) for _ in comes]

    async def stopped(*_: Any) -> None: ...

    def each(_: Run, __: Any, work: Any) -> int:
        asyncio.run(work(Store(), platform.Organisation(new_id(), "school")))
        return 1

    monkeypatch.setattr(grading_all, "SuggestingAll", Suggesting)
    monkeypatch.setattr(grading_all, "waiting", waiting)
    monkeypatch.setattr(decisions, "stopped", stopped)
    monkeypatch.setattr(platform, "for_each_organisation", each)
    monkeypatch.setattr(platform, "platform_settings", lambda: SimpleNamespace(**SETTINGS))
    monkeypatch.setattr(Embedder, "of", lambda **_: SimpleNamespace(close=lambda: None))
    run = Run(out=None, journal=None, means=Means(workers=1), console=Console(quiet=True))
    suggest_grades.function(run)
    assert bool(run.figures.pop("failures", [])) is bool(run.figures["failed"])
    return {name: value for name, value in run.figures.items() if value and name != "organisations"}


def test_a_work_that_fails_is_counted_and_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    came = figures(monkeypatch, "suggested", ValueError("odd"), "suggested", "not_graded")
    assert came == {"suggested": 2, "failed": 1, "not_graded": 1}


def test_an_organisation_that_stops_it_meanwhile_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert figures(monkeypatch, "suggested", AutomatedDecisionsStopped("x"), "suggested") == {
        "suggested": 1, "stopped": 1,
    }  # fmt: skip


def test_a_model_is_asked_in_one_organisation_and_with_its_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS, "grading_model", "essays")
    monkeypatch.setenv(suggesting.KEY, "key")
    [warning] = figures(monkeypatch, "suggested")["warnings"]
    assert "name one --organisation" in warning
    settings: Any = SimpleNamespace(grading_model="essays", services_base_url="http://127.0.0.1:1")
    run = Run(out=None, journal=None, means=Means(workers=1), console=Console(quiet=True))
    opinion = suggesting._opinion(run, settings, ["school"])
    assert opinion is not None
    assert (opinion.asking.model, opinion.key) == ("essays", "key")
    assert suggesting._opinion(run, settings, ["school", "other"]) is None


def test_without_a_store_nothing_is_tried_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreUnavailable):
        figures(monkeypatch, StoreUnavailable("gone"), "suggested")
