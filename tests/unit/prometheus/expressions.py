"""Reading PromQL far enough to see which metrics and labels an expression uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import Histogram

from stores.metrics import (
    audit,
    business,
    decisions,
    duties,
    event_log,
    http,
    models,
    processes,
    security,
    storage,
    tutoring,
)
from stores.metrics.node import MEASURED
from stores.metrics.registry import declared

ROOT = Path(__file__).parents[3]
RULES = sorted((ROOT / "cluster" / "prometheus" / "rules").glob("*.yaml"))
DASHBOARDS = sorted((ROOT / "cluster" / "grafana" / "dashboards").glob("*.json"))
# Labels that Prometheus adds, or that `ALERTS` has.
COMMON = {"job", "instance"}
# Those that declare metrics.
MODULES = (audit, business, decisions, duties, event_log, http, models, processes, security, storage, tutoring)

_NAME = r"(?:azora|ray|haproxy|kube)[_:][a-zA-Z0-9_:]+"
_SELECTOR = re.compile(rf"\b({_NAME})\b(?:\s*\{{([^}}]*)\}})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
_GROUPING = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def ours() -> dict[str, set[str]]:
    """Every series of the platform's processes with its labels; histograms as their three series."""
    series: dict[str, set[str]] = {name: set(labels) for name, (_, labels) in MEASURED.items()}
    for name, metric in declared().items():
        labels = set(metric._labelnames)
        if isinstance(metric, Histogram):
            series |= {f"{name}_count": labels, f"{name}_sum": labels, f"{name}_bucket": labels | {"le"}}
        else:
            series[name] = labels
    return series


def foreign() -> dict[str, set[str]]:
    """The series of Ray, HAProxy and Kubernetes that may be used, with the labels that may be."""
    listed: dict[str, list[str]] = {}
    for name in ("foreign.yaml", "kubernetes.yaml"):
        listed |= yaml.safe_load((ROOT / "cluster" / "prometheus" / name).read_text())
    return {name: set(labels) for name, labels in listed.items()}


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every recording and alerting rule with its file."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path, rule


def recorded() -> dict[str, set[str]]:
    """The names that recording rules make, with the labels that they group by."""
    return {rule["record"]: groupings(rule["expr"]) for _, rule in rules() if "record" in rule}


def selectors(expression: str) -> list[tuple[str, set[str]]]:
    """The metrics of an expression, each with the labels it is matched by."""
    return [
        (name, set(_MATCHER.findall(matchers + " ")) if matchers else set())
        for name, matchers in _SELECTOR.findall(expression)
    ]


def groupings(expression: str) -> set[str]:
    """The labels that an expression groups or joins by."""
    lists = _GROUPING.findall(_TEXT.sub('""', expression))
    return {label.strip() for labels in lists for label in labels.split(",") if label.strip()}


def faults(expression: str) -> list[str]:
    """What an expression uses that nothing reports."""
    known = {**ours(), **foreign(), **recorded()}
    found, available = [], set(COMMON)
    for name, labels in selectors(expression):
        if name not in known:
            found.append(f"no such metric: {name}")
            continue
        available |= known[name]
        found += [f"{name} has no label {label}" for label in labels - known[name] - COMMON]
    return found + [f"nothing has the label {label}" for label in groupings(expression) - available]
