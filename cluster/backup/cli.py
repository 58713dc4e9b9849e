"""The commands `azora backup` and `azora restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.markup import escape

from cluster.console import explained, out, show_event, step
from stores.vaulted import load_settings

File: TypeAlias = Annotated[Path, typer.Argument(dir_okay=False)]
_MEBIBYTE = 2**20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    file: File,
    verify: Annotated[bool, typer.Option("--verify", help="make none: check the one that is there")] = False,
) -> None:
    """Write everything into one encrypted file, while the platform runs."""
    from cluster.backup import work
    from cluster.installation import connected

    async def run() -> None:
        async with connected(load_settings(), show_event) as settings:
            with step(f"{'Verifying' if verify else 'Writing'} {file}"):
                summary = await (
                    asyncio.to_thread(work.verify, settings, file) if verify else work.back_up(settings, file)
                )
            _show(summary)
            if not verify:
                out.print("It opens with the data keys alone: keep them, and keep them elsewhere.")

    with explained():
        asyncio.run(run())


def restore(file: Annotated[Path, typer.Argument(dir_okay=False, exists=True)]) -> None:
    """Put a backup into an installation that has nothing yet, and check every row of it."""
    from cluster.backup import work
    from cluster.installation import connected

    async def run() -> None:
        async with connected(load_settings(), show_event) as settings:
            summary = await work.restore(settings, file, lambda doing: out.print(f"  [dim]{doing}[/dim]"))
            _show(summary)
            if summary.sessions_lost:
                out.print(
                    f"[yellow]Valkey did not take the sessions: {escape(summary.sessions_lost)}. Everybody signs in "
                    "again; should it have keys `session*`, delete them.[/yellow]"
                )
            out.print("Every row is as it was. `azora up` starts from here.")

    with explained():
        asyncio.run(run())


def _show(summary: object) -> None:
    from cluster.backup.work import Summary

    assert isinstance(summary, Summary)
    manifest = summary.manifest
    out.print(
        f"{summary.path}: {summary.size_bytes / _MEBIBYTE:.1f} MiB as of {manifest.created_at}, "
        f"{summary.rows} rows in {len(manifest.tables)} tables, {manifest.sessions} sessions, "
        f"schema {manifest.revision}"
    )
