"""`azora cluster up`: several nodes until told to stop."""

from __future__ import annotations

import asyncio
import signal

from cluster.console import err, out, step
from cluster.node import PRODUCTION_TOPOLOGY
from cluster.serve_configuration import ServeConfiguration
from cluster.several.local_cluster import LocalCluster
from cluster.several.report import placement_table
from cluster.several.shape import Shape
from configs.settings import Settings


async def run_until_stopped(settings: Settings, shape: Shape) -> None:
    """Start, deploy, say what runs where, wait for Ctrl-C or SIGTERM, stop.

    Raises `NetworkRefused`, `EmbeddedServerError`, `RayStartFailed`, `DeploymentFailed`, `GivenUp`.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    topology = ServeConfiguration.read(settings.topology or PRODUCTION_TOPOLOGY)
    async with LocalCluster(settings, shape, lambda event: err.print(f"[yellow]![/yellow] {event}")) as cluster:
        with step("Services"):
            await cluster.deploy(topology, stop.is_set)
        out.print(await cluster.ask(placement_table))
        out.print(f"\n[bold]Azora is running[/bold] on {len(cluster.nodes)} nodes: {cluster.url}")
        out.print(f"Its certificate: {cluster.authority}")
        out.print(f"Ray's dashboard: {cluster.dashboard_url}\n\nCtrl-C stops it.")
        await stop.wait()
        out.print("\nStopping")
