"""One Ray node in its namespace: started through `azora cluster node`, started again when any of its parts dies.

That is what a kubelet does with KubeRay's pods: `ray start --block` ends with the first of its processes, and whoever
keeps the node starts it anew.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cluster.embedded.backoff import Backoff
from cluster.several.network import Namespace

GCS_PORT = 6379
DASHBOARD_PORT = 8265
# Told their ports, a node's agents are not waited for: otherwise it waits 15 s for each of them to say its own, and on
# a machine that is busy with what a lost node did, gives up. Below the ports that the system hands out.
_AGENT_PORTS = {
    "dashboard-agent-grpc-port": 6380,
    "dashboard-agent-listen-port": 6381,
    "runtime-env-agent-port": 6382,
    "metrics-export-port": 6383,
}
_OBJECT_STORE_BYTES = 80 * 2**20
_STOP_SECONDS = 25
_PR_SET_PDEATHSIG = 1
_STABLE_SECONDS = 30.0
# All nodes share this machine's processor: what a lost worker ran comes up elsewhere first, then the worker.
_OTHERS_FIRST_SECONDS = 15.0


@dataclass(frozen=True, kw_only=True)
class NodePlan:
    """What a node is. `head` is the address of the head, None for the head itself; `autoscaling` is a configuration of
    Ray's autoscaler, for a head that is to have one."""

    label: str
    namespace: Namespace
    head: str | None
    cpus: int
    resources: Mapping[str, float] = field(default_factory=dict)
    directory: Path
    autoscaling: Path | None = None

    def command(self) -> str:
        """The `ray start` of this node."""
        words = ["ray", "start", "--block", "--disable-usage-stats", f"--node-ip-address={self.namespace.address}"]
        words += [f"--num-cpus={self.cpus}", f"--object-store-memory={_OBJECT_STORE_BYTES}"]
        # It passes on what workers print, at a price on every node; drivers of our jobs do not ask for it
        # (`log_to_driver=False`). A driver that does gets nothing: what workers print is in their node's own logs.
        words += ["--include-log-monitor=false"]
        words += [f"--{name}={port}" for name, port in _AGENT_PORTS.items()]
        words += [f"--resources={json.dumps(dict(self.resources))}", f"--temp-dir={self.directory}"]
        if self.head is None:
            words += ["--head", f"--port={GCS_PORT}", "--include-dashboard=true"]
            words += [f"--dashboard-host={self.namespace.address}", f"--dashboard-port={DASHBOARD_PORT}"]
            # With nothing to scale, the monitor would only take its second of processor time as the head comes back.
            words += [f"--autoscaling-config={self.autoscaling}"] if self.autoscaling else ["--no-monitor"]
        else:
            words += [f"--address={self.head}:{GCS_PORT}"]
        # Not in the plan: the shell of `azora cluster node` has it in its environment.
        return shlex.join(words) + ("" if self.head else ' --redis-password="$RAY_REDIS_PASSWORD"')


class RayNode:
    """Keeps one node alive. Use it from the main thread: the node ends with the thread that started it."""

    def __init__(
        self, plan: NodePlan, environment: Mapping[str, str], log: Path, on_event: Callable[[str], None]
    ) -> None:
        self.plan = plan
        self.starts = 0
        self._environment = dict(environment)
        self._log = log
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None

    async def keep(self) -> None:
        """Run the node until cancelled."""
        backoff = Backoff(first_seconds=1, stable_seconds=_STABLE_SECONDS)
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._start()
            assert self._process is not None
            code = await self._process.wait()
            self.plan.namespace.clear()
            self._on_event(f"{self.plan.label}: ended with {code}; starting it again")
            others_first = _OTHERS_FIRST_SECONDS if self.plan.head is not None else 0.0
            await asyncio.sleep(max(backoff.next_delay(loop.time() - began), others_first))

    async def stop(self) -> None:
        """End the node, in order where it obeys in time."""
        if self._process is not None and self._process.returncode is None:
            for inside in psutil.Process(self._process.pid).children():  # `unshare` itself takes no SIGTERM
                with suppress(psutil.NoSuchProcess):
                    inside.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        self.plan.namespace.clear()

    async def _start(self) -> None:
        self.starts += 1
        self.plan.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        azora = (sys.executable, "-m", "cluster", "cluster", "node")
        command = [*azora, f"--scratch={self.plan.directory / 's'}", self.plan.command()]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.plan.namespace.command(*command),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )


def end_with_parent() -> None:
    """For a child to call before its program: SIGKILL once the thread that started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
