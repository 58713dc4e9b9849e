"""`azora job`: batch jobs on this machine."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
from rich.table import Table

from cluster import schema
from cluster.console import explained, fail, out, show_event
from cluster.installation import connected, environment
from jobs import catalogue
from jobs.framework import Job
from stores.vaulted import load_settings

_HELP = {"--help", "-h"}
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def job(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="which job; without one, all are listed")] = None,
) -> None:
    """Run a batch job on this machine; `azora job NAME --help` says what it takes."""
    if name is None or name in _HELP:
        out.print(_listed())
        return
    found = catalogue.find(name)
    if found is None:
        fail(f"There is no job {name}.", "`azora job` lists them.")
    if found.platform and not _HELP & set(context.args):
        with explained():
            asyncio.run(_on_platform(found, context.args))
    else:
        found(context.args)


async def _on_platform(found: Job, arguments: list[str]) -> None:
    """Run where the settings have the addresses and keys of the platform: the running one, or servers for as long."""
    async with connected(load_settings(), show_event) as settings:
        await schema.require(settings)
        os.environ.update(environment(settings))
        await asyncio.to_thread(found, arguments)


def register(app: typer.Typer) -> None:
    """Add the command. What follows the name of a job is the job's."""
    app.command(context_settings=_PASSED_ON)(job)


def _listed() -> Table:
    table = Table(title="azora job NAME --help", title_justify="left", show_header=False)
    for entry in catalogue.entries():
        table.add_row(entry.name, entry.summary)
    return table
