"""Ray and Ray Serve on this machine: start, deploy, watch, stop.

    configuration = ServeConfiguration.read(Path("configs/serve.local.yaml"))
    with RayRuntime.start(options, configuration) as runtime:
        runtime.deploy(configuration, on_status=print)

Calls block; from a coroutine use `asyncio.to_thread`.
"""

from __future__ import annotations

import logging
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partialmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from cluster.applications import ApplicationState, StatusHook, Waiting, until_routed, until_running
from cluster.errors import RayStartFailed
from cluster.ports import LOOPBACK, check_free, free_ports, reachable_host
from cluster.ray_environment import (
    RayOptions,
    client_environment,
    ensure_token,
    export,
    head_environment,
    make_scratch,
    prune_sessions,
    ray_directory,
)
from cluster.serve_configuration import ServeConfiguration
from configs import placement
from configs.errors import AzoraError

_SESSIONS_KEPT = 3
_CONNECT_TIMEOUT_S = 5.0
# What a killed predecessor started ends by itself within about three seconds; until then it holds the ports.
_PREDECESSOR_S = 5.0

StepHook = Callable[[str], None]


class RayRuntime:
    """A connection to Ray: to a head of our own on this machine (`start`) or to a cluster (`connect`)."""

    def __init__(self, *, base_url: str | None, scratch: Path | None) -> None:
        self.base_url = base_url
        self._scratch = scratch

    @classmethod
    def start(cls, options: RayOptions, configuration: ServeConfiguration, on_step: StepHook = lambda _: None) -> Self:
        """Start a head and Serve behind HAProxy; nothing is deployed yet. Takes about 8 s on two cores.

        The processes end with this one, however it ends. Raises `PortInUse`, `RayStartFailed`, `ConfigurationError`.
        """
        _check_ports(options)
        scratch = make_scratch()
        try:
            export(head_environment(options, configuration.route_prefixes, scratch))
            ensure_token(options.token_file)
            on_step("Starting Ray")
            _start_head(options, scratch)
            on_step("Starting Ray Serve")
            _start_serve(options, configuration)
        except BaseException:
            _stop_ray()
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        return cls(base_url=f"http://{reachable_host(options.http_host)}:{options.http_port}", scratch=scratch)

    @classmethod
    def connect(cls, address: str, token_file: Path | None = None) -> Self:
        """Join the cluster at `host:port` as a client that only deploys and watches. Raises `RayStartFailed`."""
        _check_answers(address)
        export(client_environment(token_file))
        import ray

        with _translated(f"No Ray cluster answers at {address}"):
            ray.init(address=address, log_to_driver=False, logging_level="WARNING")
        return cls(base_url=None, scratch=None)

    def deploy(
        self,
        configuration: ServeConfiguration,
        *,
        timeout: timedelta = timedelta(minutes=2),
        on_status: StatusHook = lambda _: None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> list[ApplicationState]:
        """Make Serve run what the file says and wait until all of it answers, or it is `given_up`.

        `on_status` is called whenever an application's status changes. Raises `ConfigurationError`, `GivenUp` and
        `DeploymentFailed`; after the latter two what runs goes on running.
        """
        from ray import serve
        from ray.serve.context import _get_global_client

        schema = configuration.schema()
        if self._scratch is None:  # on a cluster the file alone says where Serve listens
            serve.start(
                proxy_location=schema.proxy_location,
                http_options=schema.http_options.model_dump(),
                logging_config=schema.logging_config,
            )
        with _translated("Serve refused the configuration"):
            _get_global_client().deploy_apps(schema)
        waiting = Waiting(time.monotonic() + timeout.total_seconds(), given_up)
        states = until_running(configuration.applications, self.statuses, waiting, on_status)
        if self.base_url is not None:  # HAProxy learns of routes after Serve calls an application running
            until_routed(configuration.route_prefixes, self.base_url, waiting)
        return states

    def statuses(self) -> list[ApplicationState]:
        """Every application that Serve knows of."""
        from ray import serve

        applications = serve.status().applications
        return [
            ApplicationState(name, str(item.status.value), item.message.strip()) for name, item in applications.items()
        ]

    def stop(self) -> None:
        """Drain and stop what `start` started, or leave the cluster that `connect` joined. May be called twice."""
        if self._scratch is None:
            _disconnect()
            return
        _stop_ray()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _check_ports(options: RayOptions) -> None:
    wanted = [(options.http_host, options.http_port, "the HTTP port (AZORA_HTTP_PORT)")]
    if options.dashboard_port is not None:
        wanted.append((options.dashboard_host, options.dashboard_port, "Ray's dashboard"))
    management = (options.haproxy_statistics_port, options.haproxy_metrics_port)
    wanted += [(LOOPBACK, port, "HAProxy's statistics or metrics") for port in management if port is not None]
    for host, port, purpose in wanted:
        check_free(host, port, purpose, patience_s=_PREDECESSOR_S)


def _check_answers(address: str) -> None:
    """Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        raise RayStartFailed(f"No Ray cluster answers at {address}: {error}") from error


def _start_head(options: RayOptions, scratch: Path) -> None:
    import ray

    _quieten()
    directory = ray_directory(options.directory, scratch)
    directory.mkdir(parents=True, exist_ok=True)
    prune_sessions(directory, keep=_SESSIONS_KEPT)
    dashboard = options.dashboard_port
    with _translated("Ray did not start"), _own_agent_port():
        ray.init(
            address="local",
            num_cpus=options.logical_cpus,
            resources=placement.node_resources(),
            object_store_memory=options.object_store_bytes,
            include_dashboard=dashboard is not None,
            dashboard_host=options.dashboard_host,
            dashboard_port=dashboard,
            log_to_driver=False,
            logging_level="WARNING",
            _temp_dir=str(directory),
        )
    _silence_raylet()


@contextmanager
def _own_agent_port() -> Iterator[None]:
    """A free port for the agent that takes submitted jobs. `ray.init` has no say in it, and where another Ray on this
    machine has the fixed one, every `ray job submit` is told that there is no agent."""
    from ray._private.parameter import RayParams

    original = RayParams.__init__
    [port] = free_ports(1)
    RayParams.__init__ = partialmethod(original, dashboard_agent_listen_port=port)
    try:
        yield
    finally:
        RayParams.__init__ = original


def _start_serve(options: RayOptions, configuration: ServeConfiguration) -> None:
    from ray import serve

    _quieten()  # importing Serve sets its loggers up anew
    schema = configuration.schema()
    listening = {"host": options.http_host, "port": options.http_port}
    with _translated("Ray Serve did not start"):
        serve.start(
            proxy_location="HeadOnly",
            http_options={**schema.http_options.model_dump(exclude_unset=True), **listening},
            logging_config=schema.logging_config,
        )


def _quieten() -> None:
    """Leave the terminal to the caller: Ray tells of signals it cannot take in a thread, Serve of each start."""
    logging.getLogger("ray._private.worker").setLevel(logging.ERROR)
    logging.getLogger("ray.serve").setLevel(logging.WARNING)


def _silence_raylet() -> None:
    """Keep the raylet's notices off the terminal: its logs have them, and failures reach the caller as errors."""
    import ray._private.worker as worker

    # A private part of Ray, and only for comfort: without it the notices are printed.
    worker.print_to_stdstream = lambda *_, **__: None


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """Turn whatever Ray raises into `RayStartFailed` with what was being done."""
    try:
        yield
    except AzoraError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise RayStartFailed(f"{doing}: {reason[0] if reason else type(error).__name__}") from error


def _stop_ray() -> None:
    if (ray := sys.modules.get("ray")) is None or not ray.is_initialized():
        return
    from ray import serve

    try:
        _drain()
        serve.shutdown()
    finally:
        ray.shutdown()


def _drain() -> None:
    """Let requests in progress finish: `serve.shutdown` alone ends the proxy first and cuts them."""
    from ray import serve
    from ray.serve.context import _get_global_client

    if names := list(serve.status().applications):
        _get_global_client().delete_apps(names)


def _disconnect() -> None:
    if (ray := sys.modules.get("ray")) is not None and ray.is_initialized():
        ray.shutdown()
