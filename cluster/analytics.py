"""What `azora analytics` does with the figures: computes them anew, and tells how far they are behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from itertools import groupby

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from actors.analytics_aggregator.aggregator import collect_garbage_seldom
from actors.analytics_aggregator.handler import CONSUMER
from actors.analytics_aggregator.rebuild import STATEMENT_TIMEOUT, Progress, rebuild
from cluster.bootstrap import prepare
from cluster.console import out, show_event
from cluster.installation import connected
from configs.settings import Settings
from stores.event_log import lag
from stores.event_log.lag import MOST_COUNTED, Lag
from stores.postgres import Database

_PHASES = {
    "copying": "Taking over what the log no longer tells",
    "reading": "Reading the log",
    "switching": "Switching over",
    "clearing": "Throwing away the former figures",
}


@asynccontextmanager
async def _system(settings: Settings, statement_timeout: timedelta) -> AsyncIterator[Database]:
    async with connected(settings, show_event) as found:
        await prepare(found)
        patient = found.model_copy(update={"database_statement_timeout": statement_timeout})
        database = Database.from_settings(patient, role="azora_system")
        try:
            yield database
        finally:
            await database.close()


async def rebuild_figures(settings: Settings) -> None:
    """Compute all figures anew, with a progress bar. Raises `RebuildRuns`, `LogTrimmed`, `StoreUnavailable`."""
    collect_garbage_seldom()
    async with _system(settings, STATEMENT_TIMEOUT) as database:
        with _bar() as report:
            outcome = await rebuild(database, report)
    out.print(f"Generation {outcome.generation} of the figures, from {outcome.entries:,} events.")
    if outcome.rejected:
        out.print(f"{outcome.rejected:,} could not be digested: `azora events dead-letters list` says why.")
    if outcome.sealed_before is not None:
        until = f"{outcome.sealed_before:%Y-%m-%d}"
        out.print(f"The log's beginning is gone: figures before {until} were taken over as they were.")


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=out) as bar:
        task = bar.add_task("")

        def report(progress: Progress) -> None:
            bar.update(task, description=_PHASES[progress.phase], completed=progress.done, total=progress.total)

        yield report


async def show_lag(settings: Settings) -> None:
    """How far the figures are behind, partition by partition."""
    async with (
        _system(settings, settings.database_statement_timeout) as database,
        database.transaction(None, readonly=True) as connection,
    ):
        shares = await lag.measure(connection, consumer=CONSUMER)
    if not shares:
        out.print("Nobody computes figures yet.")
        return
    table = Table("Partition", "Held by", "Taken", "Behind", "For")
    for _, group in groupby(sorted(shares, key=lambda share: share.partition), key=lambda share: share.partition):
        table.add_row(*_row(list(group)))
    out.print(table)


def _row(shares: list[Lag]) -> tuple[str, ...]:
    entries = sum(share.entries for share in shares)
    more = "+" if any(share.entries >= MOST_COUNTED for share in shares) else ""
    return (
        str(shares[0].partition),
        escape(shares[0].owner or "nobody"),
        f"{sum(share.taken for share in shares):,}",
        f"{entries:,}{more}",
        f"{max(share.seconds for share in shares):.1f} s" if entries else "",
    )
