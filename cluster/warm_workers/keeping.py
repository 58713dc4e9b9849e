"""Have every node start Python processes ahead, and again as replicas and actors take them.

Starting Python and importing what a replica needs is three quarters of the processor time that it takes to start one.
After a node was lost all that it ran comes up elsewhere at once, and as load comes a replica is wanted now. Ray starts
workers ahead where it is asked to (`NodeManagerService.PrestartWorkers`, as its own drivers do), as many at a time as
the node has processors, and gives them to whoever comes first.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from configs.placement import ACTORS, SERVICES

_PAUSE_SECONDS = 15.0
_STARTING_SECONDS = 120.0  # what was asked for and is not there by then is asked for again
_ANSWER_SECONDS = 5.0
_KEPT_SECONDS = 10 * 365 * 86_400  # until it is taken, or its node goes

_log = logging.getLogger("ray.serve")


class Raylet(Protocol):
    """A node as far as it keeps workers."""

    @property
    def address(self) -> str:
        """Tells it from others."""

    def unused(self) -> int:
        """How many workers have had nothing to do yet; of those that start, none."""

    def start(self, number: int) -> None:
        """Ask for so many more; it may start fewer."""


class Keeper:
    """Lets each node have `number` unused workers. `clock` counts seconds."""

    def __init__(self, number: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._number = number
        self._clock = clock
        self._asked: dict[str, tuple[int, float]] = {}  # how many there were then, and until when they may be starting

    def top_up(self, raylets: Iterable[Raylet]) -> None:
        """Ask for what is missing and does not start already. A node that does not answer does not keep the others
        from theirs."""
        for raylet in raylets:
            try:
                self._top_up(raylet)
            except Exception as error:  # gRPC's own kinds, and whatever a release of Ray has become
                _log.warning("A node keeps no workers ready: %s", error)

    def _top_up(self, raylet: Raylet) -> None:
        unused, now = raylet.unused(), self._clock()
        then, until = self._asked.get(raylet.address, (-1, now))
        if unused < self._number and (unused > then or now >= until):
            raylet.start(self._number - unused)
            self._asked[raylet.address] = (unused, now + _STARTING_SECONDS)


@dataclass(frozen=True)
class NodeManager:
    """A node's raylet at `address`, `host:port`, asked as Ray's own parts ask it."""

    address: str

    def unused(self) -> int:
        from ray.core.generated import node_manager_pb2 as messages

        with self._stub() as stub:
            answer = stub.GetNodeStats(messages.GetNodeStatsRequest(), timeout=_ANSWER_SECONDS)
        return sum(map(_is_unused, answer.core_workers_stats))

    def start(self, number: int) -> None:
        from ray.core.generated import node_manager_pb2 as messages

        wanted = messages.PrestartWorkersRequest(num_workers=number, keep_alive_duration_secs=_KEPT_SECONDS)
        with self._stub() as stub:
            stub.PrestartWorkers(wanted, timeout=_ANSWER_SECONDS)

    @contextmanager
    def _stub(self) -> Iterator[Any]:
        from ray._private.grpc_utils import init_grpc_channel
        from ray.core.generated.node_manager_pb2_grpc import NodeManagerServiceStub

        with init_grpc_channel(self.address) as channel:
            yield NodeManagerServiceStub(channel)


def _is_unused(worker: Any) -> bool:
    from ray.core.generated.common_pb2 import WorkerType

    of_no_job = set(worker.job_id) == {0xFF}
    return bool(worker.worker_type == WorkerType.WORKER and of_no_job and not worker.num_executed_tasks)


def node_managers() -> list[NodeManager]:
    """Of the nodes that take replicas or actors."""
    import ray

    return [
        NodeManager(f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}")
        for node in ray.nodes()
        if node["Alive"] and {SERVICES, ACTORS} & node["Resources"].keys()
    ]


def keep(number: Callable[[], int], settled: Callable[[], bool]) -> None:
    """From now on, while `settled` says that nothing else starts; in a thread of its own, for a raylet may be slow."""
    threading.Thread(target=_run, args=(number, settled), name="warm-workers", daemon=True).start()


def _run(number: Callable[[], int], settled: Callable[[], bool]) -> None:
    keeper: Keeper | None = None
    while True:
        time.sleep(_PAUSE_SECONDS)
        try:
            if keeper is None:
                wanted = number()  # once: with a vault each time is a login
                if wanted == 0:
                    return
                keeper = Keeper(wanted)
            if settled():
                keeper.top_up(node_managers())
        except Exception:  # a vault that is away, a head that comes back: the next time may do
            _log.exception("No workers are kept ready")
