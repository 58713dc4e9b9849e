"""A node of Ray keeps a worker ready that has what a replica needs, and gives it to the next actor."""

from __future__ import annotations

import os
import subprocess
import sys

from cluster.ray_environment import _START_PATIENCE
from tests.patience import PATIENCE_SECONDS

# In a process of its own, for Ray reads its environment as it is imported. The actor says whether its process had the
# services before it came.
_PROGRAM = """
import sys, time, ray
from cluster.warm_workers import keeping

@ray.remote(num_cpus=0)
class Actor:
    def had_services(self):
        return "serve_app" in sys.modules

def start():
    actor = Actor.options(lifetime="detached").remote()
    return ray.get(actor.had_services.remote())

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, resources={"azora_actors": 1.0})
[node] = keeping.node_managers()
print("cold", node.unused(), start())
keeping.Keeper(1).top_up([node])
while node.unused() == 0:
    time.sleep(0.2)
print("warm", start(), node.unused())
"""


def test_the_next_actor_gets_a_worker_that_waits() -> None:
    environment = {
        **os.environ,
        **_START_PATIENCE,
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_prestart_worker_first_driver": "0",
        "RAY_preload_python_modules": "cluster.warm_workers.imports",
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_SECONDS,
        check=False,
    )
    assert done.stdout.splitlines() == ["cold 0 False", "warm True 0"], done.stdout + done.stderr
