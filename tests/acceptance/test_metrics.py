"""What Prometheus sees of a platform that runs."""

from __future__ import annotations

import httpx
import yaml
from prometheus_client import Metric

from tests.acceptance.conftest import ROOT
from tests.acceptance.scraping import Scrape, eventually, total

FOREIGN: dict[str, list[str]] = yaml.safe_load((ROOT / "cluster" / "prometheus" / "foreign.yaml").read_text())


def requests(families: dict[str, Metric], **labels: str) -> float:
    name = "azora_http_request_duration_seconds"
    return total(families, name, f"{name}_count", **labels)


def test_processes_announce_themselves(scrape: Scrape) -> None:
    for process in ("housekeeper", "session_cache", "analytics_aggregator"):
        eventually(scrape, lambda now, process=process: total(now, *["azora_processes"] * 2, process=process) == 1)
    assert [sample.labels["ray"] for sample in scrape()["azora_build_info"].samples] == ["2.60.0"]


def test_requests_are_counted_whichever_replica_answers(scrape: Scrape, http: httpx.Client) -> None:
    labels = {"service": "web", "route": "unmatched", "status": "4xx", "method": "GET"}
    before = requests(scrape(), **labels)
    for number in range(40):
        assert http.get(f"/there/is/no/such/page/{number}").status_code == 404
    assert requests(scrape(), **labels) - before == 40


def test_refused_tokens_are_counted(scrape: Scrape, http: httpx.Client) -> None:
    family = "azora_access_tokens_refused"
    before = total(scrape(), family, f"{family}_total", reason="invalid")
    for _ in range(5):
        assert http.get("/api/users/me", headers={"authorization": "Bearer forged"}).status_code == 401
    assert total(scrape(), family, f"{family}_total", reason="invalid") - before == 5


def test_what_rules_use_of_ray_and_haproxy_is_there(scrape: Scrape) -> None:
    def holds(families: dict[str, Metric]) -> bool:
        seen = {sample.name: sample.labels.keys() for family in families.values() for sample in family.samples}
        return all(name in seen and set(labels) <= seen[name] for name, labels in FOREIGN.items())

    eventually(scrape, holds)


def test_the_event_log_is_watched(scrape: Scrape) -> None:
    eventually(
        scrape,
        lambda now: (
            "azora_event_lag_seconds" in now
            and total(now, *["azora_event_consumer_partitions"] * 2, consumer="analytics") > 0
        ),
    )
