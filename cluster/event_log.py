"""What `azora events` does with the log: tells how far its readers are, and looks after their dead letters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from rich.markup import escape
from rich.table import Table

from cluster.bootstrap import prepare
from cluster.console import fail, out, show_event
from cluster.installation import connected
from configs.settings import Settings
from stores.event_log import dead_letters, lag
from stores.event_log.dead_letters import DeadLetter
from stores.event_log.lag import MOST_COUNTED
from stores.event_log.membership import retire
from stores.event_log.outbox import STALE_AFTER
from stores.postgres import Connection, Database


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which dead letters: those with `ids`, else a consumer's, else all."""

    ids: Sequence[UUID] = ()
    consumer: str | None = None


@asynccontextmanager
async def _system(settings: Settings) -> AsyncIterator[Connection]:
    async with connected(settings, show_event) as found:
        await prepare(found)
        database = Database.from_settings(found, role="azora_system")
        try:
            async with database.transaction(None) as connection:
                yield connection
        finally:
            await database.close()


async def show_lag(settings: Settings) -> None:
    """How far each consumer is behind, share by share."""
    async with _system(settings) as connection:
        shares = await lag.measure(connection)
    if not shares:
        out.print("Nobody reads the log yet.")
        return
    table = Table("Consumer", "Topic", "Partition", "Held by", "Taken", "Behind", "For")
    for share in shares:
        behind = f"{share.entries:,}" + ("+" if share.entries >= MOST_COUNTED else "")
        table.add_row(
            escape(share.consumer), escape(share.topic), str(share.partition), escape(share.owner or "nobody"),
            f"{share.taken:,}", behind, f"{share.seconds:.1f} s" if share.entries else "",
        )  # fmt: skip
    out.print(table)


async def list_letters(settings: Settings, consumer: str | None) -> None:
    """The newest thousand dead letters."""
    async with _system(settings) as connection:
        letters = await dead_letters.find(connection, consumer=consumer)
    if not letters:
        out.print("No dead letters.")
        return
    table = Table("Id", "Consumer", "Event", "Failed at", "Attempts", "Reason", "Replay")
    for letter in letters:
        table.add_row(
            str(letter.id), escape(letter.consumer), escape(letter.event_type or ""),
            f"{letter.failed_at:%Y-%m-%d %H:%M:%S}", str(letter.attempts), escape(letter.reason),
            "asked for" if letter.replay_requested_at else "",
        )  # fmt: skip
    out.print(table)


async def show_letter(settings: Settings, id: UUID) -> None:
    """Everything about one dead letter, its event included."""
    async with _system(settings) as connection:
        letters = await dead_letters.find(connection, ids=[id])
    if not letters:
        fail(f"There is no dead letter {id}.", "`azora events dead-letters list` shows them.")
    for name, value in _described(letters[0]).items():
        out.print(f"[dim]{name:<13}[/dim] {escape(value)}")


def _described(letter: DeadLetter) -> dict[str, str]:
    return {
        "Id": str(letter.id),
        "Consumer": letter.consumer,
        "Organisation": str(letter.org_id or "unknown"),
        "Event": f"{letter.event_type or 'unknown'} {letter.event_id or ''}".strip(),
        "Place": f"{letter.topic}, partition {letter.partition}, {letter.position.xid}-{letter.position.seq}",
        "Failed at": f"{letter.failed_at:%Y-%m-%d %H:%M:%S} UTC, attempt {letter.attempts}",
        "Reason": letter.reason,
        "Detail": letter.detail,
        "Body": letter.body.decode(errors="replace"),
    }


async def replay_letters(settings: Settings, selection: Selection) -> None:
    """Ask consumers to try again."""
    async with _system(settings) as connection:
        count = await dead_letters.request_replay(connection, consumer=selection.consumer, ids=selection.ids or None)
    out.print(f"{count} dead letter(s) will be replayed by their consumers, within seconds where those run.")


async def discard_letters(settings: Settings, selection: Selection) -> None:
    """Delete dead letters for good."""
    async with _system(settings) as connection:
        count = await dead_letters.discard(connection, consumer=selection.consumer, ids=selection.ids or None)
    out.print(f"Discarded {count} dead letter(s).")


async def retire_consumer(settings: Settings, name: str) -> None:
    """Forget a consumer that does not run any more."""
    async with _system(settings) as connection:
        if not await retire(connection, name, STALE_AFTER):
            fail(f"{name} is no consumer that has stopped.", "`azora events lag` shows them all, with who holds what.")
    out.print(f"Forgot {escape(name)}: the log is no longer kept for it.")
