"""One transaction: the claims are checked, the handler takes effect, the positions go forward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

import structlog

from configs.errors import AzoraError
from stores.event_log import claims, dead_letters, positions
from stores.event_log.digestion import Item, Rejected, batches, digest, faulty, handle_apart
from stores.event_log.positions import Step
from stores.event_log.types import START, Claim, Entry, Handler, Position, Share
from stores.postgres import Connection, Database

log = structlog.get_logger("azora.event_log")


class Outcome(NamedTuple):
    """What became of entries: `events` were handled, the others skipped or set aside."""

    events: int
    duplicates: int
    rejected: int


class Taker(Protocol):
    """What a member does with entries."""

    @property
    def consumer(self) -> str:
        """The consumer's name, which its positions are stored under."""
        ...

    def forget(self, partitions: Collection[int]) -> None:
        """Drop what is remembered of partitions."""
        ...

    def digest(self, entry: Entry) -> Item:
        """What can be done with an entry before it is taken. Never raises."""
        ...

    async def flush(self, items: Sequence[Item], held: Mapping[int, Claim]) -> Outcome:
        """Take digested entries of partitions that are `held`, wholly or, where it raises, as if not at all.

        Raises `Fenced`, `StoreUnavailable` and what is no event's fault; `forget` is due then.
        """
        ...

    async def replay(self, held: Collection[Claim], limit: int) -> Outcome:
        """Take dead letters of partitions that are `held`, at most `limit`. Raises as `flush` does."""
        ...


class Flusher:
    """Takes entries to the handler, each with effect exactly once.

    Remembers the positions of the claims it has used, which nobody else can change while the claims hold.
    """

    def __init__(self, database: Database, handler: Handler) -> None:
        self._database = database
        self._handler = handler
        self.consumer = handler.consumer
        self._taken: dict[int, dict[Share, Position]] = {}  # by partition: known in full or not at all

    def forget(self, partitions: Collection[int]) -> None:
        """Drop what is remembered of partitions, the handler's memory included."""
        for partition in partitions:
            self._taken.pop(partition, None)
        self._handler.forget(partitions)

    def digest(self, entry: Entry) -> Item:
        """See `Taker.digest`."""
        return digest(entry)

    async def flush(self, items: Sequence[Item], held: Mapping[int, Claim]) -> Outcome:
        """See `Taker.flush`. Events that the handler fails on are set aside.

        Where it raises, whether it took effect is known only to the database.
        """
        touched = {item.entry.partition for item in items}
        current = [held[partition] for partition in touched]
        try:
            return await self._commit(items, current, apart=False)
        except AzoraError as error:
            if error.retriable:
                raise
            cause: Exception = error
        except Exception as error:
            cause = error
        log.warning("a batch failed and is taken apart", consumer=self._handler.consumer, cause=repr(cause))
        self.forget(touched)
        return await self._commit(items, current, apart=True)

    async def _commit(self, items: Sequence[Item], current: Collection[Claim], *, apart: bool) -> Outcome:
        consumer = self._handler.consumer
        async with self._database.transaction(None) as connection:
            versions = await claims.advance(connection, consumer, current)
            await self._recall(connection, versions)
            fresh, reached = self._fresh(items)
            rejected = faulty(fresh)
            if apart:
                rejected += await handle_apart(connection, self._handler, fresh, versions)
            elif found := batches(fresh, versions):
                await self._handler.handle(connection, found)
            await dead_letters.keep(connection, consumer, rejected)
            await positions.store(connection, consumer, _steps(items, fresh, reached))
        for share, position in reached.items():
            self._taken[share[1]][share] = position
        events = sum(item.event is not None for item in fresh)
        failed = sum(one.item.event is not None for one in rejected)
        return Outcome(events - failed, len(items) - len(fresh), len(rejected))

    async def _recall(self, connection: Connection, partitions: Collection[int]) -> None:
        # Only now that the claims are locked: what a cut connection left behind has been committed or undone.
        if missing := set(partitions) - self._taken.keys():
            found = {partition: dict[Share, Position]() for partition in missing}
            for share, stored in (await positions.load(connection, self._handler.consumer, missing)).items():
                found[share[1]][share] = stored.position
            self._taken |= found

    def _fresh(self, items: Sequence[Item]) -> tuple[list[Item], dict[Share, Position]]:
        """Those not taken before, and how far all of them reach."""
        reached: dict[Share, Position] = {}
        fresh: list[Item] = []
        for item in items:
            share, position = item.entry.share, item.entry.position
            before = reached.get(share) or self._taken[share[1]].get(share, START)
            if position > before or position == START:  # a place that no relay gave tells nothing
                fresh.append(item)
            reached[share] = max(before, position)
        return fresh, reached

    async def replay(self, held: Collection[Claim], limit: int) -> Outcome:
        """Have the handler take dead letters of partitions that are `held`, at most `limit`; those it fails on stay.

        Raises as `flush` does.
        """
        consumer = self._handler.consumer
        async with self._database.transaction(None) as connection:
            versions = await claims.advance(connection, consumer, held)
            letters = await dead_letters.lock_waiting(connection, consumer, versions, limit)
            items = {letter.id: digest(letter.entry()) for letter in letters}
            rejected = faulty(list(items.values()))
            rejected += await handle_apart(connection, self._handler, list(items.values()), versions)
            failed = _by_letter(items, rejected)
            await dead_letters.settle(connection, items.keys() - failed.keys(), failed)
        return Outcome(len(items) - len(failed), 0, len(failed))


def _by_letter(items: Mapping[UUID, Item], rejected: Collection[Rejected]) -> dict[UUID, Rejected]:
    reasons = {id(one.item): one for one in rejected}
    return {letter: reasons[id(item)] for letter, item in items.items() if id(item) in reasons}


def _steps(items: Sequence[Item], fresh: Sequence[Item], reached: Mapping[Share, Position]) -> list[Step]:
    """The way forward of each share: past everything read, duplicates too."""
    counts: defaultdict[Share, int] = defaultdict(int)
    for item in fresh:
        counts[item.entry.share] += 1
    last = {item.entry.share: item.entry.offset for item in items}
    times = {item.entry.share: item.event.time for item in fresh if item.event is not None}
    return [
        Step(
            share=share,
            position=position,
            kafka_offset=None if (offset := last[share]) is None else offset + 1,
            entries=counts[share],
            last_time=times.get(share),
        )
        for share, position in sorted(reached.items())
    ]
