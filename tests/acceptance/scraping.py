"""Reading what a running platform shows Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

# Ray collects the figures of its processes every ten seconds.
PATIENCE_SECONDS = 90

Scrape = Callable[[], dict[str, Metric]]


def families(url: str) -> dict[str, Metric]:
    """All metrics by their names."""
    answer = httpx.get(url, timeout=30, trust_env=False)
    assert answer.status_code == 200
    found = list(text_string_to_metric_families(answer.text))
    assert len({family.name for family in found}) == len(found), "a family comes twice"
    return {family.name: family for family in found}


def eventually(scrape: Scrape, holds: Callable[[dict[str, Metric]], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(scrape()):
        assert time.monotonic() < deadline
        time.sleep(1)


def total(families: dict[str, Metric], family: str, sample: str, **labels: str) -> float:
    if family not in families:
        return 0.0
    return sum(
        found.value
        for found in families[family].samples
        if found.name == sample and labels.items() <= found.labels.items()
    )
