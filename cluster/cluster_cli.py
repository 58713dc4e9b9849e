"""`azora cluster`: nodes of a cluster, and several of them on one machine."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.markup import escape

from cluster.console import explained, out, step
from configs.errors import ConfigurationError
from stores.vaulted import load_settings

if TYPE_CHECKING:
    from cluster.dashboard import Dashboard

app = typer.Typer(help="Clusters of several nodes.", no_args_is_help=True)
DashboardUrl: TypeAlias = Annotated[
    str, typer.Option("--dashboard", help="Ray's dashboard on the head; default: of what runs in this home")
]
Token: TypeAlias = Annotated[
    str,
    typer.Option("--token", envvar="RAY_AUTH_TOKEN", help="Ray's token; default: RAY_AUTH_TOKEN_PATH, or this home's"),
]
_LOOPBACK = "http://127.0.0.1:8265"
_DEPLOY = timedelta(minutes=10)


@app.command()
def node(
    command: Annotated[str, typer.Argument(help="how the node is started: `ray start …`")],
    scratch: Annotated[Path | None, typer.Option(help="a short directory for sockets; default one below /tmp")] = None,
) -> None:
    """Become a node of a cluster: check the settings, set what Ray must find, run the command."""
    from cluster.node import become

    with explained():
        become(load_settings(), command, scratch)


@app.command()
def up(
    workers: Annotated[int, typer.Option(min=1, max=12, help="nodes besides the head")] = 3,
    worker_cpus: Annotated[int, typer.Option(min=1, max=64, help="what Ray schedules by on each")] = 8,
    port: Annotated[int | None, typer.Option(help="HTTPS port of the gateway; default AZORA_HTTP_PORT")] = None,
) -> None:
    """Run the production topology on several nodes of this machine, until Ctrl-C. Needs root."""
    from cluster.several.run import run_until_stopped
    from cluster.several.shape import Shape

    overrides = {"http_port": port} if port is not None else {}
    with explained():
        asyncio.run(run_until_stopped(load_settings(**overrides), Shape(workers=workers, worker_cpus=worker_cpus)))


@app.command()
def deploy(
    topology: Annotated[Path | None, typer.Argument(help="Serve configuration; default serve.production.yaml")] = None,
    dashboard: DashboardUrl = "",
    token: Token = "",
) -> None:
    """Make Serve run a topology on a cluster and wait until all of it runs. Run `azora migrate` before."""
    from cluster.node import PRODUCTION_TOPOLOGY
    from cluster.serve_configuration import ServeConfiguration

    with explained():
        configuration = ServeConfiguration.read(topology or PRODUCTION_TOPOLOGY)
        client = _client(dashboard, token)
        try:
            with step("Services"):
                client.deploy(configuration.document)
                client.await_running(configuration.applications, _DEPLOY)
        finally:
            client.close()


@app.command()
def show(dashboard: DashboardUrl = "", token: Token = "") -> None:
    """Say which nodes there are and what runs on each; exits with 1 where an application does not run."""
    if not show_nodes(dashboard, token):
        raise typer.Exit(1)


def show_nodes(dashboard: str, token: str) -> bool:
    """What `azora cluster show` and `azora status --cluster` print; whether every application runs."""
    from cluster.several.report import not_running, placement_table

    with explained():
        client = _client(dashboard, token)
        try:
            out.print(placement_table(client))
            waiting = not_running(client)
        finally:
            client.close()
    for line in waiting:
        out.print(f"[red]{escape(line)}[/red]")
    return not waiting


def _client(dashboard: str, token: str) -> Dashboard:
    """As told, else as what runs in this home has it."""
    from cluster.dashboard import Dashboard
    from cluster.installation import home_of, read_running

    home = home_of(load_settings())
    running = read_running(home)
    if not dashboard and running is not None and running.ray_address:
        dashboard = f"http://{running.ray_address.rpartition(':')[0]}:8265"
    return Dashboard(dashboard or _LOOPBACK, token or _kept_token(home.secrets / "ray-token"))


def _kept_token(own: Path) -> str:
    """Where Ray looks too, else that of this home; nothing where there is none."""
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    file = Path(named) if named else own
    try:
        return file.read_text().strip()
    except OSError as error:
        if named:
            raise ConfigurationError([f"RAY_AUTH_TOKEN_PATH: {file} cannot be read: {error.strerror}"]) from None
        return ""


@app.command()
def manifest() -> None:
    """Write configs/serve.production.yaml into the Kubernetes manifest, after a change of it."""
    from cluster.manifest import RAY_SERVICE, refresh

    out.print(f"{RAY_SERVICE}: {'written' if refresh() else 'as it should be'}")
