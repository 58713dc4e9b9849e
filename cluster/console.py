"""What the command line shows while it works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from cluster.embedded import EmbeddedServerError, Event, EventKind
from cluster.schema import SchemaDiffers
from configs.errors import AzoraError, ConfigurationError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_QUIET = {EventKind.STARTING, EventKind.STOPPING}


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show a step while it runs, and how long it took."""
    started = time.perf_counter()
    with out.status(what):
        yield
    out.print(f"[green]✓[/green] {what} [dim]{time.perf_counter() - started:.1f} s[/dim]")


def show_event(event: Event) -> None:
    """Show what the embedded servers do; their ordinary steps are shown by `step`."""
    if event.kind in (EventKind.EXITED, EventKind.RESTARTING, EventKind.RESTART_FAILED, EventKind.KILLED):
        err.print(f"[yellow]![/yellow] {event.message}")
    elif event.kind not in _QUIET:
        out.print(f"  [dim]{event.service}: {event.message}[/dim]")


def fail(message: str, remedy: str | None = None) -> NoReturn:
    """Say what is wrong and how to mend it, and end with status 1."""
    err.print(f"[red]✗[/red] {message}")
    if remedy:
        err.print(f"  {remedy}")
    raise typer.Exit(1)


@contextmanager
def explained() -> Iterator[None]:
    """Turn the errors that a person can mend into plain words."""
    try:
        yield
    except ConfigurationError as error:
        err.print("[red]✗[/red] The configuration is not valid:")
        for problem in error.problems:
            err.print(f"  {problem}")
        raise typer.Exit(2) from None
    except EmbeddedServerError as error:
        fail(error.message, error.remedy)
    except SchemaDiffers as error:
        fail(error.detail, error.remedy)
    except AzoraError as error:
        fail(error.detail)
