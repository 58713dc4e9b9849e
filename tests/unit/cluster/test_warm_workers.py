"""Workers that a node keeps ready: how many are asked for, and what they import."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.core.generated import common_pb2

from cluster import ray_environment
from cluster.warm_workers import keeping


@dataclass
class Node:
    """Starts `at_once` at the most, as Ray's raylets do, and they are there one round later."""

    address: str
    ready: int
    at_once: int = 64
    answers: bool = True
    starting: int = 0

    def unused(self) -> int:
        if not self.answers:
            raise ConnectionError("no answer")
        return self.ready

    def start(self, number: int) -> None:
        assert number > 0
        self.starting += min(number, self.at_once)

    def go_on(self) -> None:
        self.ready, self.starting = self.ready + self.starting, 0


@given(
    ready=st.lists(st.integers(0, 12), max_size=5),
    number=st.integers(1, 9),
    at_once=st.integers(1, 4),
    silent=st.integers(0, 5),
)
def test_every_node_that_answers_gets_there(ready: list[int], number: int, at_once: int, silent: int) -> None:
    nodes = [Node(str(index), has, at_once, index != silent) for index, has in enumerate(ready)]
    keeper = keeping.Keeper(number, lambda: 0.0)
    for _ in range(number):
        keeper.top_up(nodes)
        for node in nodes:
            node.go_on()
    assert [node.ready for node in nodes] == [
        max(has, number) if index != silent else has for index, has in enumerate(ready)
    ]


def test_what_starts_slowly_is_not_asked_for_twice_until_it_must_have_failed() -> None:
    times, node = iter([0.0, 15.0, 119.0, 121.0]), Node("a", 0)
    keeper = keeping.Keeper(3, lambda: next(times))
    for _ in range(3):
        keeper.top_up([node])
    assert node.starting == 3
    keeper.top_up([node])
    assert node.starting == 6


@pytest.mark.parametrize(
    ("job", "kind", "done", "unused"),
    [
        (b"\xff" * 4, "WORKER", 0, True),
        (b"\x01\0\0\0", "WORKER", 0, False),
        (b"\xff" * 4, "DRIVER", 0, False),
        (b"\xff" * 4, "WORKER", 1, False),
    ],
    ids=["started ahead", "of a job", "a driver", "has worked"],
)
def test_what_counts_as_unused(job: bytes, kind: str, done: int, unused: bool) -> None:
    worker = common_pb2.CoreWorkerStats(
        job_id=job, worker_type=common_pb2.WorkerType.Value(kind), num_executed_tasks=done
    )
    assert keeping._is_unused(worker) is unused


def test_nodes_that_take_nothing_keep_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(address: str, alive: bool = True, **resources: float) -> dict[str, object]:
        return {"NodeManagerAddress": address, "NodeManagerPort": 1, "Alive": alive, "Resources": resources}

    found = [node("head"), node("worker", azora_services=1.0), node("gone", alive=False, azora_actors=1.0)]
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(nodes=lambda: found))
    assert [one.address for one in keeping.node_managers()] == ["worker:1"]


@pytest.mark.parametrize(("job", "there"), [("ffffffff", "True"), ("01000000", "False")])
def test_workers_started_ahead_have_serve_and_the_services(job: str, there: str) -> None:
    preloaded = ray_environment._FIRST_IN_WARM_WORKERS
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {preloaded}; print('serve_app' in sys.modules)"],
        env={"RAY_JOB_ID": job},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == there
