"""`azora job`: batch jobs on this machine."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
from rich.table import Table

from cluster.console import explained, fail, out, show_event
from cluster.installation import connected, environment
from configs.settings import Settings, load_settings
from jobs import catalogue
from jobs.framework import Job

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
        await _check_schema(settings)
        os.environ.update(environment(settings))
        await asyncio.to_thread(found, arguments)


async def _check_schema(settings: Settings) -> None:
    from migrations.run import head, knows

    revision = await _revision(settings)
    if revision is None:
        fail("The database is empty.", "Run `azora up`, which sets everything up, or `azora migrate`.")
    if not knows(revision):
        fail(f"The database is at revision {revision}, and this code knows none later than {head()}.",
             "Upgrade this code.")  # fmt: skip
    if revision != head():
        fail(f"The database is at revision {revision}, and this code needs {head()}.", "Run `azora migrate`.")


async def _revision(settings: Settings) -> str | None:
    """What the database is at; None where nothing was ever migrated. By the login that the job will have: the owner's
    may be known to nobody here, or a vault may make them."""
    import asyncpg

    from stores.errors import StoreError
    from stores.postgres import Database

    database = Database.from_settings(settings)
    try:
        async with database.single_statements() as connection:
            found: str | None = await connection.fetchval("select version_num from alembic_version")
            return found
    except StoreError as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError | asyncpg.InvalidParameterValueError):
            return None  # neither tables nor, on a server that has never had them, the application's roles
        raise
    finally:
        await database.close()


def register(app: typer.Typer) -> None:
    """Add the command. What follows the name of a job is the job's."""
    app.command(context_settings=_PASSED_ON)(job)


def _listed() -> Table:
    table = Table(title="azora job NAME --help", title_justify="left", show_header=False)
    for entry in catalogue.entries():
        table.add_row(entry.name, entry.summary)
    return table
