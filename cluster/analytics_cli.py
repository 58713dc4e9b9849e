"""`azora analytics`: the figures."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import typer

from cluster.console import explained
from configs.settings import Settings
from stores.vaulted import load_settings

app = typer.Typer(help="The figures that are computed from the event log.", no_args_is_help=True)


def _settings() -> Settings:
    with explained():
        return load_settings()


def _run(work: Coroutine[Any, Any, None]) -> None:
    with explained():
        asyncio.run(work)


@app.command()
def rebuild() -> None:
    """Compute all figures anew from the event log, while the platform serves."""
    from cluster import analytics

    _run(analytics.rebuild_figures(_settings()))


@app.command()
def lag() -> None:
    """Say how far the figures are behind."""
    from cluster import analytics

    _run(analytics.show_lag(_settings()))
