"""What every process of the platform does for the metrics: says what it is, and offers to answer scrapes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from configs.settings import Settings
from stores.metrics import processes
from stores.metrics.exporter import Exporter
from stores.metrics.neighbours import Neighbour
from stores.metrics.registry import DIRECTORY_VARIABLE

# Replicas have requests to answer: they leave scrapes to other processes where there are any.
_RELUCTANT_SECONDS = 15.0
_RETRY_SECONDS = 5.0


def observe(settings: Settings, process: str, *, reluctant: bool = False) -> None:
    """Report this process as one that does `process`; call it once, as the process starts."""
    processes.announce(process)
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if directory and settings.metrics_port:
        exporter(settings, Path(directory), reluctant=reluctant).start()


def exporter(settings: Settings, directory: Path, *, reluctant: bool = False) -> Exporter:
    """The exporter of this machine, with what Ray and HAProxy know of it."""
    retry_seconds = _RELUCTANT_SECONDS if reluctant else _RETRY_SECONDS
    return Exporter(
        settings.metrics_host,
        settings.metrics_port,
        directory,
        neighbours(),
        retry_seconds=retry_seconds,
        eager=not reluctant,
    )


def neighbours(ray_port: int | None = None) -> tuple[Neighbour, Neighbour]:
    """Whose figures a scrape has besides; `ray_port` is that of Ray's exporter, where Ray cannot be asked."""
    ray = (lambda: f"http://127.0.0.1:{ray_port}/metrics") if ray_port is not None else _ray_agent
    return Neighbour("ray_", ray), Neighbour("haproxy_", _haproxy)


def _ray_agent() -> str | None:
    """Ray's own exporter on this node, which listens on a port of Ray's choice."""
    ray = sys.modules.get("ray")  # never imported here: it reads its environment when it is
    if ray is None or not ray.is_initialized():
        return None
    try:
        here = ray.get_runtime_context().get_node_id()
        ports = [node["MetricsExportPort"] for node in ray.nodes() if node["NodeID"] == here]
    except (ray.exceptions.RayError, RuntimeError, OSError):
        return None
    return f"http://127.0.0.1:{ports[0]}/metrics" if ports and ports[0] > 0 else None


def _haproxy() -> str | None:
    """HAProxy's exporter, whose port a head of our own is told; without the figures of every single server."""
    port = os.environ.get("RAY_SERVE_HAPROXY_METRICS_PORT")
    return f"http://127.0.0.1:{port}/metrics?scope=frontend&scope=backend" if port else None
