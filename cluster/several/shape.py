"""How large a cluster on this machine is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How large the cluster is. `worker_cpus` is what Ray schedules by; services mostly wait.

    With `autoscaled_to` the head has Ray's autoscaler, which adds up to so many nodes and takes them away once they
    were idle for `idle_seconds`. They come from Ray's own provider for one machine, so they share the head's address.
    """

    workers: int = 3
    worker_cpus: int = 8
    autoscaled_to: int = 0
    idle_seconds: float = 30.0
