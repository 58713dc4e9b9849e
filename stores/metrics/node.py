"""The figures of all processes of one machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stores.metrics import business, files, processes, registry
from stores.metrics.retirement import KINDS, Retirement

_PREFIX = "azora_"
_COUNTER_SUFFIX = "_total"
MEMORY = "azora_process_resident_memory_bytes"
LARGEST = "azora_process_resident_memory_max_bytes"
UNREADABLE = "azora_metrics_unreadable_files"
# What is measured at the moment of a scrape instead of being told by processes: help and labels.
MEASURED: dict[str, tuple[str, tuple[str, ...]]] = {
    MEMORY: ("Resident memory of the processes that do this, together", ("process",)),
    LARGEST: ("Resident memory of the largest of them", ("process",)),
    UNREADABLE: ("Files of figures that are damaged, and so left out", ()),
}


class Node(Collector):
    """A collector over the directory that processes keep their files in.

    Gauges of dead processes are deleted, their counters kept. Used by one process at a time.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._retirement = Retirement(directory)
        self._totals = {name for name, metric in registry.declared().items() if isinstance(metric, registry.Total)}
        assert business.REVENUE._name in self._totals  # its module is imported, so all totals are known

    def collect(self) -> Iterator[Metric]:
        """Every metric of the platform, merged."""
        self._bury()
        living = sorted(self._directory.glob("*.db"))
        metrics, unreadable = files.merged([*living, *self._retirement.counting()])
        for metric in metrics:
            if metric.name in self._totals:
                metric.name, metric.type = metric.name.removesuffix(_COUNTER_SUFFIX), "counter"
            if metric.name.startswith(_PREFIX):  # Ray's own processes use the same library
                yield metric
        yield from _memory([path for path in living if path not in unreadable])
        yield _family(UNREADABLE, {(): float(len(unreadable))})

    def _bury(self) -> None:
        alive: dict[int, bool] = {}
        counters = []
        for path in self._directory.glob("*.db"):
            pid = files.pid_of(path)
            if pid is None or alive.setdefault(pid, psutil.pid_exists(pid)):
                continue
            if path.name.startswith(KINDS):
                counters.append(path)
            else:
                path.unlink(missing_ok=True)
        self._retirement.retire(counters)


def _memory(living: list[Path]) -> Iterator[Metric]:
    sizes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for path in living:
        pid = files.pid_of(path)
        if pid is None or not path.name.startswith("gauge_livesum_"):
            continue
        for name in files.process_names(path, processes.PROCESSES._name):
            try:
                sizes[(name,)].append(psutil.Process(pid).memory_info().rss)
            except psutil.Error:
                continue
    yield _family(MEMORY, {labels: float(sum(found)) for labels, found in sizes.items()})
    yield _family(LARGEST, {labels: float(max(found)) for labels, found in sizes.items()})


def _family(name: str, values: dict[tuple[str, ...], float]) -> Metric:
    help, labels = MEASURED[name]
    family = GaugeMetricFamily(name, help, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
