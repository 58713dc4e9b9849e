"""Rules and configuration of Prometheus: valid, tested, about metrics that exist, and explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.prometheus.expressions import ROOT, RULES, faults, foreign, groupings, rules, selectors

TESTS = sorted(Path(__file__).parent.glob("*.test.yaml"))
OPERATIONS = (ROOT / "docs" / "OPERATIONS.md").read_text()
ALERTS = {rule["alert"]: rule for _, rule in rules() if "alert" in rule}


def promtool(*arguments: str | Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.cluster.yml"])
def test_the_configuration_is_valid(name: str) -> None:
    promtool("check", "config", ROOT / "cluster" / "prometheus" / name)


def test_the_scrape_on_kubernetes_is_valid(tmp_path: Path) -> None:
    """All but how it finds pods, which Debian's Prometheus is built without."""
    scrape = yaml.safe_load((ROOT / "cluster" / "prometheus" / "scrape.kubernetes.yml").read_text())
    (job,) = scrape["scrape_configs"]
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod", "namespaces": {"names": ["azora"]}}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(scrape))
    promtool("check", "config", tmp_path / "prometheus.yml")


def test_everywhere_the_same_is_scraped_under_the_same_name() -> None:
    files = [*(ROOT / "cluster" / "prometheus").glob("*.yml"), ROOT / "cluster" / "docker" / "prometheus.yml"]
    scrapes = [job for path in files for job in yaml.safe_load(path.read_text())["scrape_configs"]]
    assert len(scrapes) == len(files) == 4
    assert {job["job_name"] for job in scrapes} == {"azora"}
    assert all(job["metric_relabel_configs"] == scrapes[0]["metric_relabel_configs"] for job in scrapes)


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_rules_do_what_they_should(path: Path) -> None:
    promtool("test", "rules", path)


def expectations() -> tuple[set[str], set[str]]:
    """The alerts that some test sees fire, and the files of rules that some test sees quiet."""
    firing: set[str] = set()
    quiet: set[str] = set()
    for path in TESTS:
        document: dict[str, Any] = yaml.safe_load(path.read_text())
        for test in document["tests"]:
            for probe in test.get("promql_expr_test", []):
                if "ALERTS" not in probe["expr"]:
                    continue
                if not probe["exp_samples"]:
                    quiet.add(path.name.partition(".")[0])
                named = re.findall(r'alertname="(\w+)"', probe["expr"])
                labels = " ".join(sample["labels"] for sample in probe["exp_samples"])
                firing |= set(re.findall(r'alertname="(\w+)"', labels)) | set(named if probe["exp_samples"] else ())
    return firing, quiet


def test_every_alert_is_seen_firing_and_every_file_is_seen_quiet() -> None:
    firing, quiet = expectations()
    assert firing == ALERTS.keys()
    assert quiet == {path.stem for path, rule in rules() if "alert" in rule}


@pytest.mark.parametrize("rule", [rule for _, rule in rules()], ids=lambda rule: rule.get("alert") or rule["record"])
def test_rules_use_what_is_reported(rule: dict[str, Any]) -> None:
    assert faults(rule["expr"]) == []


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_severity_a_text_and_a_place_in_the_handbook(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/OPERATIONS.md#{name.lower()}"
    paragraph = re.search(rf"^#### {name}\n\n(.+?)\n\n", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert paragraph, "docs/OPERATIONS.md says nothing of it"
    assert len(paragraph[1]) > 80


def test_the_handbook_explains_no_other_alerts() -> None:
    assert set(re.findall(r"^#### (Azora\w+)$", OPERATIONS, re.MULTILINE)) == ALERTS.keys()


def test_expressions_are_read_as_prometheus_does() -> None:
    assert selectors('sum(rate(azora_x_total{a="1", b!~"c|d"}[5m])) / azora:y:rate5m') == [
        ("azora_x_total", {"a", "b"}),
        ("azora:y:rate5m", set()),
    ]
    assert groupings('sum by (le, role) (x) unless on (consumer) y{z="by (no)"}') == {"le", "role", "consumer"}
    assert faults("azora_nothing_total") == ["no such metric: azora_nothing_total"]
    assert faults('azora_processes{colour="red"}') == ["azora_processes has no label colour"]
    assert faults("sum by (colour) (azora_processes)") == ["nothing has the label colour"]


def test_no_foreign_metric_is_listed_in_vain() -> None:
    from tests.unit.prometheus.test_dashboards import expressions

    used = {name for _, rule in rules() for name, _ in selectors(rule["expr"])}
    used |= {name for expression in expressions() for name, _ in selectors(expression)}
    assert foreign().keys() <= used
