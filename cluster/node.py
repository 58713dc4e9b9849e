"""`azora cluster node`: turn this machine, pod or namespace into a node of a Ray cluster.

    azora cluster node "ray start --head --block ..."

Ray decides what a node's processes do by the environment that the node is started with, and Serve's HAProxy must be
told several things through a launcher (`cluster.haproxy`). So a node is not started by `ray start` alone: this command
checks the settings, writes the launcher, sets the environment, leaves an exporter of metrics beside it and becomes the
command it was given. Every way to make a node uses it: Ray's cluster launcher, KubeRay, `azora cluster up`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from cluster import node_metrics
from cluster.ray_environment import export, make_scratch, node_environment
from cluster.serve_configuration import ServeConfiguration
from configs.errors import ConfigurationError
from configs.settings import Settings
from stores.metrics.registry import DIRECTORY_VARIABLE

PRODUCTION_TOPOLOGY = Path(__file__).parent.parent / "configs" / "serve.production.yaml"


def become(settings: Settings, command: str, scratch: Path | None = None) -> NoReturn:
    """Replace this process by the shell command, in the environment of a node.

    `scratch` is a directory of this node's own for sockets, by default one below /tmp; its path has at most 26 bytes.
    Raises `ConfigurationError` where the settings are not those of a node.
    """
    _require_addresses(settings)
    if scratch is None:
        scratch = make_scratch()
    else:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = ServeConfiguration.read(settings.topology or PRODUCTION_TOPOLOGY)
    metrics = os.environ.get(DIRECTORY_VARIABLE) or str(scratch / "metrics")
    Path(metrics).mkdir(parents=True, exist_ok=True, mode=0o700)
    export(node_environment(configuration.route_prefixes, scratch) | {DIRECTORY_VARIABLE: metrics})
    node_metrics.leave(settings, command, metrics, os.getpid())
    os.execv("/bin/sh", ["/bin/sh", "-c", f"exec {command}"])  # noqa: S606 - the operator's own command line


def _require_addresses(settings: Settings) -> None:
    """A node has no servers of its own: what other nodes cannot see must not be where data goes.

    Nor has every node a proxy: Serve has them where replicas are, and agents may be where none is.
    """
    missing = [
        f"AZORA_{name.upper()}: must be set on the nodes of a cluster"
        for name in ("database_url", "valkey_url", "data_keys", "services_url")
        if getattr(settings, name) is None
    ]
    if missing:
        raise ConfigurationError(missing)
