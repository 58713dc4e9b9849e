"""`azora up`: everything from nothing to a platform that answers, and back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.table import Table

from actors import monitoring
from cluster import bootstrap, demo
from cluster.console import err, out, show_event, step
from cluster.embedded import Home
from cluster.installation import (
    Running,
    clear_running,
    complete,
    demo_password,
    embedded,
    environment,
    home_of,
    metrics_environment,
    write_running,
)
from cluster.models.local import DEFAULT_ALIAS, LocalRun, with_model
from cluster.models.preparing import prepared
from cluster.ports import reachable_host
from cluster.ray_environment import RayOptions
from cluster.ray_runtime import RayRuntime
from cluster.serve_configuration import ServeConfiguration
from configs.errors import AzoraError
from configs.settings import Settings

LOCAL_TOPOLOGY = Path(__file__).parent.parent / "configs" / "serve.local.yaml"
_STARTUP = timedelta(minutes=10)  # what fails says so at once; a busy machine may be slow
_MODEL_STARTUP = timedelta(minutes=30)  # large weights from a slow disk
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def up(settings: Settings, wanted_model: str | None = None) -> None:
    """Start everything, say where it is, run until told to stop, stop everything.

    `wanted_model` is a language model that runs beside it: a name, a folder or a Hugging Face id.
    Raises `EmbeddedServerError`, `ConfigurationError`, `ModelFailure`, `RuntimeFailure`, `PortInUse`.
    """
    home = home_of(settings)
    local: LocalRun | None = None
    if wanted_model is not None:
        settings, local = await asyncio.to_thread(prepared, settings, wanted_model)
    with _stop_on_signals() as stop:
        async with _servers(settings) as (complete_settings, supervise):
            watching = asyncio.create_task(supervise(stop))
            try:
                with step("Database schema and signing keys"):
                    await bootstrap.prepare(complete_settings)
                with _metrics(complete_settings, home) as metrics_url:
                    async with _runtime(complete_settings, home, metrics_url, local, stop) as base_url:
                        await _welcome(complete_settings, base_url, metrics_url, local)
                        await stop.wait()
                        out.print("\nStopping: requests in progress finish first")
            finally:
                stop.set()
                await watching


@asynccontextmanager
async def _servers(
    settings: Settings,
) -> AsyncIterator[tuple[Settings, Callable[[asyncio.Event], Coroutine[None, None, None]]]]:
    with step("PostgreSQL and Valkey"):
        servers = embedded(settings, show_event)
        await servers.__aenter__()
    try:
        yield complete(settings, servers.postgres_url, servers.valkey_url), servers.wait_until
    finally:
        await servers.__aexit__(None, None, None)


@contextmanager
def _metrics(settings: Settings, home: Home) -> Iterator[str | None]:
    """Answer scrapes for as long as the block lasts; yields the address, None where nobody answers there for us.

    On a cluster it is for the processes of each machine to keep and show their figures.
    """
    if settings.ray_address or not settings.metrics_port:
        yield None
        return
    os.environ.update(metrics_environment(home))  # before Ray starts its processes, which inherit it
    exporter = monitoring.exporter(settings, home.metrics)
    exporter.start()
    try:
        address = f"{reachable_host(settings.metrics_host)}:{settings.metrics_port}"
        if not exporter.serving:
            err.print(f"[yellow]![/yellow] No metrics: {address} is taken; AZORA_METRICS_PORT chooses another port")
        yield f"http://{address}/metrics" if exporter.serving else None
    finally:
        exporter.stop()


@asynccontextmanager
async def _runtime(
    settings: Settings, home: Home, metrics_url: str | None, local: LocalRun | None, stop: asyncio.Event
) -> AsyncIterator[str]:
    configuration = ServeConfiguration.read(settings.topology or LOCAL_TOPOLOGY)
    os.environ.update(environment(settings))  # Ray's processes inherit it
    runtime = await asyncio.to_thread(_start_ray, settings, home, configuration)
    _listen_for_signals(stop)  # again: Ray has put its own handlers in their place
    deploy = partial(runtime.deploy, given_up=stop.is_set)
    try:
        with step("Services"):
            await asyncio.to_thread(deploy, configuration, timeout=_STARTUP)
        if local is not None:  # afterwards: the services answer while it is being loaded
            with step(f"Language model {local.model.name} on the {local.model.device.upper()} (a minute or two)"):
                await asyncio.to_thread(deploy, with_model(configuration, local), timeout=_MODEL_STARTUP)
        base_url = runtime.base_url or settings.base_url
        write_running(home, _running(settings, base_url, metrics_url, local))
        yield base_url
    finally:
        clear_running(home)
        await asyncio.to_thread(runtime.stop)


def _start_ray(settings: Settings, home: Home, configuration: ServeConfiguration) -> RayRuntime:
    with step("Ray and its HTTP proxy"):
        if settings.ray_address:
            return RayRuntime.connect(settings.ray_address)
        options = RayOptions(
            directory=home.root / "ray",
            token_file=home.secrets / "ray-token",
            http_host=settings.http_host,
            http_port=settings.http_port,
            dashboard_port=settings.ray_dashboard_port or None,
            logical_cpus=settings.ray_logical_cpus,
        )
        return RayRuntime.start(options, configuration)


def _running(settings: Settings, base_url: str, metrics_url: str | None, local: LocalRun | None) -> Running:
    assert settings.database_url is not None
    assert settings.valkey_url is not None
    return Running(
        pid=os.getpid(),
        base_url=base_url,
        database_url=settings.database_url.get_secret_value(),
        valkey_url=settings.valkey_url.get_secret_value(),
        ray_address=settings.ray_address,
        metrics_url=metrics_url,
        local_model=f"{local.model.name} ({local.model.device})" if local else None,
    )


async def _welcome(settings: Settings, base_url: str, metrics_url: str | None, local: LocalRun | None) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    table.add_row("Front door", base_url)
    table.add_row("Browse the API", f"{base_url}/docs")
    table.add_row("Readiness", f"{base_url}/ready")
    if metrics_url:
        table.add_row("Metrics", metrics_url)
    if local:
        table.add_row("Language model", f"{local.model.name}, also as {DEFAULT_ALIAS}, at {base_url}/v1")
    if settings.ray_dashboard_port and not settings.ray_address:
        table.add_row("Ray dashboard", f"http://127.0.0.1:{settings.ray_dashboard_port}")
    if settings.demo:
        password = demo_password(settings)
        accounts = await _demo(settings, base_url, password)
        table.add_row("Demo organisation", demo.SLUG)
        for account in accounts:
            table.add_row(f"  {account.role}", f"{account.email}  [dim]{password}[/dim]")
    out.print("\n[bold]Azora is running[/bold]")
    out.print(table)
    out.print("\nCtrl-C stops it.")


async def _demo(settings: Settings, base_url: str, password: str) -> list[demo.DemoAccount]:
    try:
        with step("Demo organisation and courses"):
            return await demo.ensure(settings, base_url, password)
    except AzoraError as error:  # the platform is worth having without it
        err.print(f"[yellow]![/yellow] {error.title}: {error.detail}")
        return []


@contextmanager
def _stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    _listen_for_signals(stop)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)


def _listen_for_signals(stop: asyncio.Event) -> None:
    """A second signal, while the first is being obeyed, ends the process at once."""
    loop = asyncio.get_running_loop()

    def ask(number: int) -> None:
        if stop.is_set():
            loop.remove_signal_handler(number)
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, ask, number)
