"""From entries of the log to events a handler can take, and finding the ones that it cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg

from configs.errors import AzoraError
from stores.event_log.types import START, Batch, Entry, Handler
from stores.events.reading import InvalidEvent, Recorded, decode
from stores.postgres import Connection, translated

_DETAIL_CHARACTERS = 2_000
# SQLSTATE classes in which the schema or the server is at fault: every event would fail alike.
_NOT_THE_EVENT_S = ("42", "58", "XX")


class Fault(NamedTuple):
    """Why an event cannot be digested.

    `reason` is one of `InvalidEvent`, or `no-json-object`, `no-position` (no relay wrote it), `handler-failed`.
    """

    reason: str
    detail: str


class Item(NamedTuple):
    """An entry with the event it holds: None where it has a fault, or is of a type that is not ours or not wanted."""

    entry: Entry
    event: Recorded | None
    fault: Fault | None = None


class Rejected(NamedTuple):
    """An item that goes to the dead letters."""

    item: Item
    fault: Fault


def digest(entry: Entry) -> Item:
    """Decode an entry. Never raises."""
    if not entry.wanted:
        return Item(entry, None)
    if entry.position == START:
        return Item(entry, None, Fault("no-position", "not written by a relay"))
    if isinstance(entry.body, bytes):
        return Item(entry, None, Fault("no-json-object", ""))
    try:
        return Item(entry, decode(entry.body))
    except InvalidEvent as error:
        return Item(entry, None, Fault(error.reason, _text(error.detail)))
    except Exception as error:  # whatever an envelope contains, it must not stop the log
        return Item(entry, None, _fault("malformed-envelope", error))


def faulty(items: Sequence[Item]) -> list[Rejected]:
    """Those that could not be decoded."""
    return [Rejected(item, item.fault) for item in items if item.fault]


def batches(items: Sequence[Item], versions: Mapping[int, int]) -> list[Batch]:
    """The events among items, by partition, in order."""
    events: defaultdict[int, list[Recorded]] = defaultdict(list)
    for item in items:
        if item.event is not None:
            events[item.entry.partition].append(item.event)
    return [Batch(partition, versions[partition], found) for partition, found in sorted(events.items())]


async def handle_apart(
    connection: Connection, handler: Handler, items: Sequence[Item], versions: Mapping[int, int]
) -> list[Rejected]:
    """Have `handler` take every event it can, halving what fails until single events stand out; returns those.

    Raises what is not the events' fault.
    """
    if not (found := batches(items, versions)):
        return []
    try:
        with translated():
            async with _attempt(connection):
                await handler.handle(connection, found)
    except Exception as error:
        if not _blames_the_events(error):
            raise
        handler.forget([batch.partition for batch in found])
        if len(items) == 1:
            return [Rejected(items[0], _fault("handler-failed", error))]
    else:
        return []
    middle = len(items) // 2
    first = await handle_apart(connection, handler, items[:middle], versions)
    return first + await handle_apart(connection, handler, items[middle:], versions)


@asynccontextmanager
async def _attempt(connection: Connection) -> AsyncIterator[None]:
    await connection.execute("savepoint attempt")
    try:
        yield
        await connection.execute("set constraints all immediate")  # not at the commit, which is too late
    except Exception:
        await connection.execute("rollback to savepoint attempt; release savepoint attempt")
        raise
    await connection.execute("release savepoint attempt")


def _blames_the_events(error: Exception) -> bool:
    if isinstance(error, AzoraError) and error.retriable:
        return False
    state = getattr(_origin(error), "sqlstate", None) or ""
    return not isinstance(error, MemoryError) and not state.startswith(_NOT_THE_EVENT_S)


def _origin(error: Exception) -> BaseException:
    cause = error.__cause__
    return cause if isinstance(cause, asyncpg.PostgresError) else error


def _fault(reason: str, error: Exception) -> Fault:
    origin = _origin(error)
    return Fault(reason, _text(f"{type(origin).__name__}: {origin}"))


def _text(text: str) -> str:
    # PostgreSQL's text has no NUL, and a lone surrogate cannot be sent.
    return text.replace("\x00", "").encode(errors="replace").decode()[:_DETAIL_CHARACTERS]
