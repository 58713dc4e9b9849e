"""How metrics are declared: in one registry, with names and units by Prometheus' conventions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.multiprocess import mark_process_dead

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
REGISTRY = CollectorRegistry()

# `livesum` adds up the processes that live; `livemostrecent` is for what one process at a time reports for all.
Mode = Literal["livesum", "livemostrecent"]


class Total(Gauge):
    """A counter that is kept elsewhere and reported whole, such as a figure in the database.

    Stored like a gauge, so that of all processes only the latest report counts; shown to Prometheus as a counter.
    """


def counter(name: str, help: str, labels: Sequence[str] = (), *, known: Iterable[str] = ()) -> Counter:
    """What only grows; the name ends with `_total`.

    `known` values of its only label are shown from the beginning: what appears with its first count has not grown.
    """
    made = Counter(name, help, labels, registry=REGISTRY)
    for value in known:
        made.labels(value)
    return made


def gauge(name: str, help: str, labels: Sequence[str] = (), *, mode: Mode = "livesum") -> Gauge:
    """What goes up and down. It vanishes with the process that reported it."""
    return Gauge(name, help, labels, registry=REGISTRY, multiprocess_mode=mode)


def total(name: str, help: str, labels: Sequence[str] = ()) -> Total:
    """See `Total`; the name ends with `_total`."""
    return Total(name, help, labels, registry=REGISTRY, multiprocess_mode="livemostrecent")


def histogram(name: str, help: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
    """Durations in seconds, in buckets of these upper bounds."""
    return Histogram(name, help, labels, registry=REGISTRY, buckets=buckets)


def declared() -> dict[str, MetricWrapperBase]:
    """Every metric by the name that Prometheus knows it under (of a histogram: without `_bucket`)."""
    return {
        f"{metric._name}_total" if isinstance(metric, Counter) else metric._name: metric
        for metric in REGISTRY._collector_to_names
        if isinstance(metric, MetricWrapperBase)
    }


def _adopt_directory() -> None:
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if directory:
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        # A process that died may have had our id: its gauges would become ours.
        mark_process_dead(os.getpid(), directory)


_adopt_directory()
