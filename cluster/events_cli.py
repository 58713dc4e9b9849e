"""`azora events`: the event log."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import typer

from cluster.console import explained, fail
from configs.settings import Settings
from stores.vaulted import load_settings

app = typer.Typer(help="The event log.", no_args_is_help=True)
letters = typer.Typer(help="Events that a consumer could not digest.", no_args_is_help=True)
app.add_typer(letters, name="dead-letters")

Ids: TypeAlias = Annotated[list[UUID] | None, typer.Argument(metavar="[ID]...")]
ConsumerName: TypeAlias = Annotated[str | None, typer.Option("--consumer", help="those of one consumer")]
All: TypeAlias = Annotated[bool, typer.Option("--all", help="of every consumer")]


def _settings() -> Settings:
    with explained():
        return load_settings()


def _run(work: Coroutine[Any, Any, None]) -> None:
    with explained():
        asyncio.run(work)


@app.command()
def schema() -> None:
    """Print what is on the topics, as an AsyncAPI 3.0 document in YAML."""
    from stores.events.asyncapi import document, to_yaml

    print(to_yaml(document()), end="")


@app.command()
def lag() -> None:
    """Say how far each consumer of the log is behind."""
    from cluster import event_log

    _run(event_log.show_lag(_settings()))


@app.command()
def retire(consumer: str) -> None:
    """Forget a consumer that will not read any more, so that the log is not kept for it."""
    from cluster import event_log

    _run(event_log.retire_consumer(_settings(), consumer))


@letters.command("list")
def list_letters(consumer: ConsumerName = None) -> None:
    """List dead letters, the newest first."""
    from cluster import event_log

    _run(event_log.list_letters(_settings(), consumer))


@letters.command()
def show(id: UUID) -> None:
    """Show a dead letter with its event and what is wrong with it."""
    from cluster import event_log

    _run(event_log.show_letter(_settings(), id))


@letters.command()
def replay(ids: Ids = None, consumer: ConsumerName = None, all: All = False) -> None:
    """Have consumers try dead letters again: those named, one consumer's, or all."""
    from cluster import event_log

    _require_one(ids, consumer, all)
    _run(event_log.replay_letters(_settings(), event_log.Selection(ids=ids or (), consumer=consumer)))


@letters.command()
def discard(ids: Ids = None, consumer: ConsumerName = None, all: All = False) -> None:
    """Delete dead letters for good: those named, one consumer's, or all."""
    from cluster import event_log

    _require_one(ids, consumer, all)
    _run(event_log.discard_letters(_settings(), event_log.Selection(ids=ids or (), consumer=consumer)))


def _require_one(*selections: object) -> None:
    if sum(map(bool, selections)) != 1:
        fail("Say which: ids, --consumer, or --all.")
