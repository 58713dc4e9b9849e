"""The log as the outbox has it: read in commit order, partitions shared among a consumer's members."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from stores.event_log import positions
from stores.event_log.membership import Membership
from stores.event_log.planning import walk_the_index
from stores.event_log.types import START, Claim, Entry, Position, Share
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__, "outbox.sql")

HEARTBEAT = timedelta(seconds=1)
STALE_AFTER = timedelta(seconds=3)
_BUSY_SECONDS = 0.05
_IDLE_SECONDS = 0.15
_SLOWING = 1.25


class OutboxSource:
    """A member of a consumer that reads the outbox. `database` is under `azora_system`.

    `member` names it among the consumer's members; whoever comes back under a name takes up that one's partitions
    at once. A member that has not been heard of for `stale_after` loses them to the others. Events of other
    `names` (`names_of`; None: all are wanted) are passed over.
    """

    def __init__(
        self,
        database: Database,
        *,
        consumer: str,
        topics: Collection[str],
        member: str,
        names: frozenset[str] | None = None,
        heartbeat: timedelta = HEARTBEAT,
        stale_after: timedelta = STALE_AFTER,
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._topics = sorted(topics)
        self._names = None if names is None else sorted(names)
        self._membership = Membership(database, consumer, self._topics, member, stale_after)
        self._heartbeat_seconds = heartbeat.total_seconds()
        self._renew_at = 0.0
        self._claims: Mapping[int, Claim] = {}
        self._cursors: dict[Share, Position] = {}
        self._first = 0
        self._pause_seconds = _BUSY_SECONDS

    async def claims(self) -> Mapping[int, Claim]:
        """See `Source.claims`. Asks the database once in a heartbeat."""
        if monotonic() >= self._renew_at:
            before, self._claims = self._claims, await self._membership.renew(self._claims)
            self._renew_at = monotonic() + self._heartbeat_seconds
            kept = {partition for partition, claim in self._claims.items() if before.get(partition) == claim}
            self._cursors = {share: cursor for share, cursor in self._cursors.items() if share[1] in kept}
        return self._claims

    async def poll(self, limit: int, wait: timedelta) -> Sequence[Entry]:
        """See `Source.poll`. Asks more seldom while nothing comes."""
        deadline = monotonic() + wait.total_seconds()
        while True:
            if self._claims and (entries := await self._read(limit)):
                self._pause_seconds = _BUSY_SECONDS
                return entries
            remaining = deadline - monotonic()
            if remaining <= 0:
                return []
            await asyncio.sleep(min(self._pause_seconds, remaining))
            self._pause_seconds = min(self._pause_seconds * _SLOWING, _IDLE_SECONDS)

    async def rewind(self) -> None:
        """See `Source.rewind`."""
        self._cursors.clear()
        self._renew_at = 0.0

    async def close(self) -> None:
        """See `Source.close`."""
        held, self._claims = self._claims, {}
        await self.rewind()
        await self._membership.leave(held)

    async def _read(self, limit: int) -> list[Entry]:
        async with self._database.transaction(None, readonly=True) as connection:
            await self._find_cursors(connection)
            shares = self._rotated()
            cursors = [self._cursors[share] for share in shares]
            await walk_the_index(connection)
            rows = _queries.read(
                connection,
                topics=[topic for topic, _ in shares],
                partitions=[partition for _, partition in shares],
                xids=[str(cursor.xid) for cursor in cursors],
                seqs=[cursor.seq for cursor in cursors],
                names=self._names,
                limit=limit,
            )
            entries = [_entry(row) async for row in rows]
        for entry in entries:
            self._cursors[entry.share] = entry.position
        return entries

    async def _find_cursors(self, connection: Connection) -> None:
        shares = {(topic, partition) for partition in self._claims for topic in self._topics}
        if missing := shares - self._cursors.keys():
            stored = await positions.load(connection, self._consumer, {partition for _, partition in missing})
            self._cursors |= {share: stored[share].position if share in stored else START for share in missing}

    def _rotated(self) -> list[Share]:
        # A share with a backlog can fill the whole batch, so each is the first in its turn.
        shares = sorted(self._cursors)
        self._first = (self._first + 1) % len(shares)
        return shares[self._first :] + shares[: self._first]


def _entry(row: Mapping[str, Any]) -> Entry:
    body = row["event"] if isinstance(row["event"], dict) else str(row["event"]).encode()
    return Entry(row["topic"], row["partition"], Position(row["xid"], row["seq"]), None, body, row["wanted"])
