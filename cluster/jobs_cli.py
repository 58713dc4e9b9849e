"""`azora job`: batch jobs on this machine."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cluster.console import fail, out
from jobs import catalogue

_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def job(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="which job; without one, all are listed")] = None,
) -> None:
    """Run a batch job on this machine; `azora job NAME --help` says what it takes."""
    if name in (None, "--help", "-h"):
        out.print(_listed())
        return
    found = catalogue.find(name or "")
    if found is None:
        fail(f"There is no job {name}.", "`azora job` lists them.")
    found(context.args)


def register(app: typer.Typer) -> None:
    """Add the command. What follows the name of a job is the job's."""
    app.command(context_settings=_PASSED_ON)(job)


def _listed() -> Table:
    table = Table(title="azora job NAME --help", title_justify="left", show_header=False)
    for entry in catalogue.entries():
        table.add_row(entry.name, entry.summary)
    return table
