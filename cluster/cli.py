"""The `azora` command."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from cluster import analytics_cli, audit_cli, cluster_cli, events_cli, gateway_cli, jobs_cli, models_cli, vault_cli
from cluster.backup import cli as backup_cli
from cluster.console import explained, fail, out, show_event, step
from cluster.installation import connected, home_of, read_running
from configs.settings import Settings
from stores.vaulted import load_settings

app = typer.Typer(
    name="azora", help="Azora, a learning platform on Ray.", no_args_is_help=True, pretty_exceptions_enable=False
)
admin = typer.Typer(help="Administer organisations, people and keys, without the HTTP services.", no_args_is_help=True)
app.add_typer(admin, name="admin")
app.add_typer(events_cli.app, name="events")
app.add_typer(analytics_cli.app, name="analytics")
app.add_typer(cluster_cli.app, name="cluster")
app.add_typer(vault_cli.app, name="vault")
app.add_typer(audit_cli.app, name="audit")
app.add_typer(gateway_cli.app, name="gateway")
app.add_typer(models_cli.app, name="models")
jobs_cli.register(app)
backup_cli.register(app)
_STOP_SECONDS = 60


def main() -> None:
    """The console script."""
    with explained():
        app(standalone_mode=True)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with explained():
        return asyncio.run(work)


def _settings() -> Settings:
    with explained():
        return load_settings()


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="HTTP port; default AZORA_HTTP_PORT or 8000")] = None,
    demo: Annotated[bool | None, typer.Option(help="create the demo organisation")] = None,
    llm: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="run a language model too: smollm2, a folder or a Hugging Face id"),
    ] = None,
) -> None:
    """Start everything and run until Ctrl-C."""
    from cluster.up import up as start

    overrides = {"http_port": port, "demo": demo}
    with explained():
        settings = load_settings(**{name: value for name, value in overrides.items() if value is not None})
    if (running := read_running(home_of(settings))) is not None:
        out.print(f"Azora runs already, as process {running.pid}: {running.base_url}")
        return
    _run(start(settings, llm))


@app.command()
def down() -> None:
    """Stop the platform that runs in this home."""
    home = home_of(_settings())
    pid = home.holder()
    if pid is None:
        out.print("Nothing runs here.")
        return
    os.kill(pid, signal.SIGTERM)
    with step("Stopping"):
        deadline = time.monotonic() + _STOP_SECONDS
        while home.holder() == pid:
            if time.monotonic() > deadline:
                fail(f"Process {pid} did not stop in {_STOP_SECONDS} s.", f"End it with `kill -9 {pid}`.")
            time.sleep(0.1)


@app.command()
def status(
    cluster: Annotated[
        bool, typer.Option("--cluster", help="which nodes a cluster has, and what runs on each")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="the address of a cluster's gateway; default: of what runs in this home")
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="certificates to trust besides the system's, as PEM"),
    ] = None,
    dashboard: cluster_cli.DashboardUrl = "",
    token: cluster_cli.Token = "",
) -> None:
    """Say what runs, and whether every dependency of every service answers; exits with 1 where something does not."""
    from cluster.status import show_services, show_status

    well = cluster_cli.show_nodes(dashboard, token) if cluster else True
    authority = str(ca) if ca else None
    if cluster and url is None:
        settings = _settings()
        running = read_running(home_of(settings)) if not dashboard else None
        url, own = (running.base_url, running.authority) if running else (settings.services_url, None)
        authority = authority or own
    if url is not None:
        well = _run(show_services(url, authority)) and well
    elif not cluster:
        _run(show_status(_settings()))
    if not well:
        raise typer.Exit(1)


@app.command()
def doctor(
    new_key: Annotated[bool, typer.Option("--new-key", help="print a fresh entry for AZORA_DATA_KEYS")] = False,
) -> None:
    """Check everything the platform needs and say how to mend what is wrong."""
    from cluster.doctor import examine
    from stores.sealing import Keyring

    if new_key:
        out.print(Keyring.new_key(f"k{int(time.time())}"), soft_wrap=True)
        return
    if not _run(examine(_settings())):
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from cluster.bootstrap import prepare

    async def work() -> None:
        async with connected(_settings(), show_event) as settings:
            before, after = await prepare(settings)
            out.print(f"At revision {after} already." if before == after else f"Migrated from {before} to {after}.")

    _run(work())


@admin.command("create-organisation")
def create_organisation(
    slug: str,
    name: str,
    registration: Annotated[str, typer.Option(help="open, invitation or closed")] = "invitation",
) -> None:
    """Create an organisation (a tenant)."""
    from cluster import administration

    _run(administration.create_organisation(_settings(), slug, name, registration))


@admin.command("create-user")
def create_user(
    organisation: str,
    email: str,
    role: Annotated[str, typer.Option(help="student, instructor, org_admin, platform_admin or auditor")] = "student",
    first_name: str = "New",
    last_name: str = "Person",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="AZORA_NEW_PASSWORD")
    ] = "",
) -> None:
    """Create a person. The password is asked for."""
    from cluster import administration

    _run(
        administration.create_user(
            _settings(),
            organisation=organisation,
            email=email,
            role=role,
            first_name=first_name,
            last_name=last_name,
            password=password,
        )
    )


@admin.command("reset-password")
def reset_password(
    organisation: str,
    email: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Set a person's password and end their sessions."""
    from cluster import administration

    _run(administration.reset_password(_settings(), organisation, email, password))


@admin.command("rotate-keys")
def rotate_keys() -> None:
    """Publish a new token signing key, and seal all secret data under the first key of AZORA_DATA_KEYS."""
    from cluster import administration

    _run(administration.rotate_keys(_settings()))


@admin.command("demo-password")
def demo_password() -> None:
    """Print the password of the demo accounts."""
    from cluster import installation

    with explained():
        print(installation.demo_password(_settings()))
