"""How metrics are named and labelled, and that they are cheap."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Histogram

from stores.event_log.consumer import Figures
from stores.metrics import (
    business,
    event_log,
    http,
    models,
)
from stores.metrics.node import MEASURED
from stores.metrics.registry import REGISTRY, Total, declared
from tests.unit.prometheus.expressions import MODULES  # noqa: F401  # with them all metrics are declared

OPERATIONS = (Path(__file__).parents[3] / "docs" / "OPERATIONS.md").read_text()
# Labels whose values the code knows, or that are bounded by what is configured.
BOUNDED = {
    "consumer", "direction", "duty", "kind", "method", "origin", "outcome", "policy", "process", "python", "ray",
    "reason", "role", "route", "service", "status", "target", "topic", "type", "version", "window",
}  # fmt: skip


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_names_and_units_follow_the_conventions() -> None:
    for name, metric in declared().items():
        assert re.fullmatch(r"azora_[a-z]+(_[a-z]+)*", name)
        assert name.endswith("_total") == isinstance(metric, Counter | Total), name
        if isinstance(metric, Histogram):
            assert name.endswith("_seconds")
        assert not re.search(r"_(ms|milliseconds|micro\w+|cents|mb|percent)(_|$)", name)
        assert metric._documentation
        assert set(metric._labelnames) <= BOUNDED


def test_unmatched_paths_and_methods_share_their_labels() -> None:
    traffic = http.Traffic("probe")
    for number in range(50):
        traffic.began()
        traffic.ended(f"BREW{number}", http.UNMATCHED, 404, 0.001)
    labels = {"service": "probe", "method": "other", "route": "unmatched", "status": "4xx"}
    assert value("azora_http_request_duration_seconds_count", **labels) == 50
    assert value("azora_http_requests_in_flight", service="probe") == 0
    assert len(traffic._durations) == 1


def test_a_consumer_s_figures_become_counters() -> None:
    figures = Figures(partitions=2, events=10, rejected=1, flushes=3, failures=0, last_flush_seconds=0.02)
    member = event_log.Member("probe")
    member.observe(figures)
    figures.events, figures.flushes, figures.failures, figures.partitions = 25, 4, 2, 1
    member.observe(figures)
    member.observe(figures)
    assert value("azora_events_handled_total", consumer="probe") == 25
    assert value("azora_events_dead_lettered_total", consumer="probe") == 1
    assert value("azora_event_consumer_failures_total", consumer="probe") == 2
    assert value("azora_event_flush_seconds_count", consumer="probe") == 2
    assert value("azora_event_consumer_partitions", consumer="probe") == 1


def test_the_platform_s_figures_are_shown_in_base_units() -> None:
    business.report({"registrations": 3, "revenue_cents": 1999, "ai_cost_microdollars": 2_500_000, "completed": 4})
    business.active_learners("day", 12.0)
    assert value("azora_registrations_total") == 3
    assert value("azora_revenue_total") == 19.99
    assert value("azora_ai_cost_dollars_total") == 2.5
    assert value("azora_enrollments_by_status", status="completed") == 4
    assert value("azora_enrollments_by_status", status="dropped") == 0
    assert value("azora_active_learners", window="day") == 12


def test_the_handbook_lists_every_metric_with_its_labels_and_no_other() -> None:
    known = {name: metric._labelnames for name, metric in declared().items()}
    known |= {name: labels for name, (_, labels) in MEASURED.items()}
    rows = re.findall(r"^\| `(azora_\w+)` \| (.+?) \| .{10,} \|$", OPERATIONS, re.MULTILINE)
    assert {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == {
        name: tuple(labels) for name, labels in known.items()
    }


def test_a_try_at_a_model_is_counted_by_what_it_came_to() -> None:
    came: dict[str, Any] = {"queued_seconds": 0.2, "seconds": 1.5, "prompt_tokens": 30}
    models.attempted("probe", "completed", first_token_seconds=0.4, completion_tokens=7, **came)
    models.attempted("probe", "failed", first_token_seconds=None, completion_tokens=0, **came)
    assert value("azora_model_attempts_total", target="probe", outcome="completed") == 1
    assert value("azora_model_attempts_total", target="probe", outcome="failed") == 1
    assert value("azora_model_tokens_total", target="probe", direction="input") == 60
    assert value("azora_model_tokens_total", target="probe", direction="output") == 7
    assert value("azora_model_first_token_seconds_count", target="probe") == 1  # the other one began no answer
    assert value("azora_model_duration_seconds_sum", target="probe") == pytest.approx(1.3)
    assert value("azora_model_queue_seconds_count", target="probe") == 2
