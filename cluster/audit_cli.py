"""`azora audit`: the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from cluster.console import explained
from configs.settings import Settings
from stores.vaulted import load_settings

app = typer.Typer(help="The audit log: verify it, keep its ends elsewhere.", no_args_is_help=True)

Slug: TypeAlias = Annotated[
    str | None,
    typer.Option("--organisation", help="one organisation's chain, by its slug; `platform` for the platform's"),
]


def _settings() -> Settings:
    with explained():
        return load_settings()


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with explained():
        return asyncio.run(work)


@app.command()
def verify(
    organisation: Slug = None,
    heads: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="a file that `azora audit heads` wrote before")
    ] = None,
) -> None:
    """Verify every entry of every chain, and that each ends where it is said to. Exits with 1 where one does not."""
    from cluster import audit

    if not _run(audit.verify(_settings(), organisation, heads.read_text().splitlines() if heads else ())):
        raise typer.Exit(1)


@app.command()
def heads() -> None:
    """Print where each chain ends, signed. Keep it where nobody reaches who could change the database."""
    from cluster import audit

    _run(audit.print_heads(_settings()))


@app.command()
def accept(
    organisation: Annotated[str, typer.Argument(help="slug, or `platform`")],
    reason: Annotated[str, typer.Option(help="a word or two for the log, such as `restored from backup`")],
) -> None:
    """Go on from where a chain that does not hold ends now, such as after a backup was restored."""
    from cluster import audit

    _run(audit.accept(_settings(), organisation, reason))
