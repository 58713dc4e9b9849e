"""`azora status`: what runs, from the outside."""

from __future__ import annotations

import ssl

import httpx
import typer
from rich.table import Table

from cluster.console import out
from cluster.installation import home_of, read_running
from cluster.memory import proportional_bytes
from configs.errors import ConfigurationError
from configs.settings import Settings
from deployments.registry import services

_TIMEOUT_SECONDS = 5.0
_MEBIBYTE = 2**20


async def show_status(settings: Settings) -> None:
    """Print services, dependencies and memory; exits with 1 where something is not ready."""
    home = home_of(settings)
    running = read_running(home)
    if running is None:
        holder = home.holder()
        out.print("Azora is starting or stopping." if holder else f"Azora does not run in {home.root}.")
        raise typer.Exit(1)
    out.print(f"Azora runs as process {running.pid}: {running.base_url}")
    if running.metrics_url:
        out.print(f"Metrics: {running.metrics_url}")
    if running.local_model:
        out.print(f"Language model: {running.local_model}")
    ready = await show_services(running.base_url, running.authority)
    sizes = proportional_bytes(running.pid)
    out.print(f"Memory {sum(sizes.values()) // _MEBIBYTE} MiB (proportional, {len(sizes)} kinds of process)")
    for name, size in list(sizes.items())[:8]:
        out.print(f"  [dim]{size // _MEBIBYTE:5d} MiB  {name}[/dim]")
    if not ready:
        raise typer.Exit(1)


async def show_services(base_url: str, authority: str | None = None) -> bool:
    """Print what each service says of itself; whether all are ready.

    `authority` is a file with the certificates to trust besides those that the system does. Raises
    `ConfigurationError` where there is none in it.
    """
    table = Table("service", "status", "dependencies", box=None, padding=(0, 2, 0, 0))
    ready = True
    trust = _trust(authority)
    async with httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT_SECONDS, trust_env=False, verify=trust) as http:
        for definition in services():
            try:
                document = (await http.get(f"{definition.prefix}/ready")).json()
            except (httpx.HTTPError, ValueError) as error:
                document = {"status": f"no answer ({type(error).__name__})", "dependencies": {}}
            ready &= document["status"] == "ready"
            colour = "green" if document["status"] == "ready" else "red"
            details = ", ".join(
                f"{name} {d['latency_ms']:.1f} ms" if d["status"] == "up" else f"[red]{name} down[/red]"
                for name, d in document.get("dependencies", {}).items()
            )
            table.add_row(definition.name, f"[{colour}]{document['status']}[/{colour}]", details)
    out.print(table)
    return ready


def _trust(authority: str | None) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    if authority is not None:
        try:
            trust.load_verify_locations(cafile=authority)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError([f"{authority}: no certificates: {error}"]) from error
    return trust
