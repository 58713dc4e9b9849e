"""Throughput and processor time of a platform with so many replicas and aggregators, by who spends it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from time import monotonic

import psutil
import yaml

from benchmarks.events.bench import Bench, Sizes, opened
from benchmarks.events.log import Appended, Follower, append_all
from benchmarks.events.world import Lives
from benchmarks.load import saturate
from benchmarks.scale.model import Cost, EventCost, Measured
from cluster.up import LOCAL_TOPOLOGY

_CONNECTIONS = 32
_KINDS = {"ServeReplica": "replica", "haproxy": "proxy", "postgres": "database", "AnalyticsAggregator": "aggregator"}
_SIZES = Sizes(
    learners=2_000, courses=5, rate=0, sustain_seconds=0, backlog=40_000, ingest_seconds=0, prompt_seconds=0,
    view_events=0,
)  # fmt: skip


async def measure(count: int) -> Measured:
    """Start a platform of its own with so many replicas and aggregators, and saturate it: a page from memory, a list
    through the database, and a backlog of events."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        document = yaml.safe_load(LOCAL_TOPOLOGY.read_text())
        document["applications"][0]["deployments"][0]["num_replicas"] = count
        yaml.safe_dump(document, file)
        file.flush()
        environment = {"AZORA_TOPOLOGY": file.name, "AZORA_RAY_LOGICAL_CPUS": "16"}
        async with opened(_SIZES, **environment, AZORA_ANALYTICS_AGGREGATORS=str(count)) as bench:
            memory = await _requests(bench, f"/api/courses/{bench.world.courses[0].id}")
            through = await _requests(bench, "/api/courses?limit=5")
            events = await _events(bench)
        return Measured(count, *memory, *through, events)


async def _requests(bench: Bench, path: str) -> tuple[float, Cost]:
    """Requests/s, and what one costs."""
    place, token = bench.place, bench.place.instructor.token
    assert token is not None
    saturate(place.base_url + path, token, _CONNECTIONS, lambda: 0.0)  # warm
    before = _spent(place.pid)
    load = saturate(place.base_url + path, token, _CONNECTIONS, lambda: 0.0)
    if load.errors:
        raise RuntimeError(f"{load.errors} of the requests to {path} failed")
    spent = _less(_spent(place.pid), before)
    rest = spent["rest"] + spent["aggregator"]
    cost = (spent["replica"], spent["proxy"], spent["database"], rest)
    return load.requests_per_second, Cost(*(seconds / load.count * 1e6 for seconds in cost))


async def _events(bench: Bench) -> EventCost:
    """Events appended as fast as one connection can, until all are counted: both are in the rate and in the cost."""
    appender, watcher = await bench.connect(), await bench.connect()
    try:
        follower, appended = Follower(watcher), Appended()
        start = await follower.settled()
        rows = Lives(bench.world, bench.world.courses).rows(_SIZES.backlog)
        before, began = _spent(bench.place.pid), monotonic()
        await append_all(appender, bench.world.org_id, rows, appended)
        await follower.watch(lambda: appended.total, start)
        seconds, spent = monotonic() - began, _less(_spent(bench.place.pid), before)
    finally:
        await appender.close()
        await watcher.close()
    count = appended.total
    return EventCost(count / seconds, spent["aggregator"] / count * 1e6, spent["database"] / count * 1e6)


def _spent(pid: int) -> dict[str, float]:
    """Processor seconds of everything that a platform runs, by kind."""
    spent = dict.fromkeys((*_KINDS.values(), "rest"), 0.0)
    top = psutil.Process(pid)
    for process in [top, *top.children(recursive=True)]:
        try:
            name = " ".join(process.cmdline()) or process.name()
            times = process.cpu_times()
        except psutil.Error:
            continue
        kind = next((kind for part, kind in _KINDS.items() if part in name), "rest")
        spent[kind] += times.user + times.system
    return spent


def _less(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {kind: max(0.0, after[kind] - before[kind]) for kind in after}
