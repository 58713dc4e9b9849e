"""What the log no longer tells: windows that a rebuild takes over as they are, because their events were trimmed.

Whole weeks are sealed, so that every window and every week of a cohort is either taken over or recomputed. What is
sealed was counted up to the positions at one moment; late events after these positions are counted as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from actors.analytics_aggregator import windows
from actors.analytics_aggregator.handler import CONSUMER
from stores.event_log import positions
from stores.event_log.types import START, Claim, Entry, Position, Share, Source
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "rebuild.sql")

# An event's time may be this much later than the time at which it was written.
_CLOCKS_DIFFER = timedelta(minutes=5)
_NEVER = datetime(9000, 1, 6, tzinfo=UTC)
# Of no type that there is, so it passes without effect.
_COUNTED: Mapping[str, Any] = {"type": "counted already"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """`sealed_before` (a Monday) is None where the whole log is there, of `entries`. `taken` is how far the figures
    tell of it, but for `set_aside`; `out_of_reach` are dead letters whose entries were trimmed.
    """

    entries: int
    sealed_before: datetime | None
    taken: Mapping[Share, Position]
    set_aside: frozenset[tuple[Share, Position]]
    out_of_reach: Sequence[UUID]

    def has_counted(self, entry: Entry) -> bool:
        """Whether a sealed window tells of the entry."""
        if self.sealed_before is None or entry.position > self.taken.get(entry.share, START):
            return False
        if isinstance(entry.body, bytes) or (entry.share, entry.position) in self.set_aside:
            return False
        try:
            return datetime.fromisoformat(str(entry.body.get("time"))) < self.sealed_before
        except (ValueError, TypeError):
            return False


async def survey(connection: Connection) -> Past:
    """What there is to rebuild from, in a transaction that sees one moment."""
    row = await _queries.survey(connection, live=CONSUMER)
    letters = [letter async for letter in _queries.set_aside(connection, live=CONSUMER)]
    partitions = range(await _queries.partitions(connection))
    stored = await positions.load(connection, CONSUMER, partitions)
    return Past(
        entries=row["entries"],
        sealed_before=_seal(row["since"]) if row["taken"] > row["told"] else None,
        taken={share: found.position for share, found in stored.items()},
        set_aside=frozenset(
            ((letter["topic"], letter["partition"]), Position(letter["xid"], letter["seq"])) for letter in letters
        ),
        out_of_reach=[letter["id"] for letter in letters if not letter["is_there"]],
    )


def _seal(since: datetime | None) -> datetime:
    """The first Monday that no trimmed event can lie after."""
    return _NEVER if since is None else windows.monday_after(since + _CLOCKS_DIFFER)


class UncountedSource:
    """A `Source` that passes without effect what sealed windows tell of."""

    def __init__(self, source: Source, past: Past) -> None:
        self._source = source
        self._past = past

    async def claims(self) -> Mapping[int, Claim]:
        """See `Source.claims`."""
        return await self._source.claims()

    async def poll(self, limit: int, wait: timedelta) -> Sequence[Entry]:
        """See `Source.poll`."""
        entries = await self._source.poll(limit, wait)
        return [entry._replace(body=_COUNTED) if self._past.has_counted(entry) else entry for entry in entries]

    async def rewind(self) -> None:
        """See `Source.rewind`."""
        await self._source.rewind()

    async def close(self) -> None:
        """See `Source.close`."""
        await self._source.close()
