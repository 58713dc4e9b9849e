"""Grafana's dashboards: whole, about metrics that exist, and found by the provisioning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.prometheus.expressions import DASHBOARDS, ROOT, faults

GRAFANA = ROOT / "cluster" / "grafana"
SUBJECTS = {"health", "performance", "security", "business", "ai", "event-log"}


def load(path: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(path.read_text())
    return dashboard


def expressions() -> Iterator[str]:
    """Every query of every dashboard."""
    for path in DASHBOARDS:
        for panel in load(path)["panels"]:
            for target in panel.get("targets", []):
                yield target["expr"]


def test_there_is_a_dashboard_for_every_subject() -> None:
    assert {path.stem for path in DASHBOARDS} == SUBJECTS
    identities = [load(path)["uid"] for path in DASHBOARDS]
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_have_a_title_a_place_of_their_own_and_a_query(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    numbers: set[int] = set()
    for panel in load(path)["panels"]:
        assert panel["title"]
        assert panel["id"] not in numbers
        numbers.add(panel["id"])
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not taken & cells
        assert max(x for x, _ in cells) < 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["targets"]
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "azora-prometheus"}


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_queries_use_what_is_reported(expression: str) -> None:
    assert faults(expression.replace("$__rate_interval", "5m")) == []


def test_the_provisioning_finds_dashboards_and_data() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "azora.yaml").read_text())["datasources"]
    assert [source["uid"] for source in sources] == ["azora-prometheus"]
    providers = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "azora.yaml").read_text())["providers"]
    assert providers[0]["type"] == "file"
