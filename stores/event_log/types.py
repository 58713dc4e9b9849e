"""What passes between a source of the log, the consumer that reads it, and the handler that acts on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from stores.events.reading import Recorded
from stores.postgres import Connection


class Position(NamedTuple):
    """A place in the order of writing, which a Kafka relay carries along.

    `xid` is the newest transaction there was (`event_xid` in the schema), `seq` the row.
    """

    xid: int
    seq: int


START = Position(0, 0)
Share = tuple[str, int]  # a topic's partition


class Entry(NamedTuple):
    """One entry of the log as a source reads it.

    `body` is the decoded envelope, or the bytes where they are no JSON object. `offset` is Kafka's, where it came
    from there. Where its event is not `wanted` it is there for its position only, and the body may be left out.
    """

    topic: str
    partition: int
    position: Position
    offset: int | None
    body: Mapping[str, Any] | bytes
    wanted: bool = True

    @property
    def share(self) -> Share:
        """Where its order holds."""
        return self.topic, self.partition


class Claim(NamedTuple):
    """The right to advance a partition; a greater `epoch` voids it."""

    partition: int
    epoch: int


class Source(Protocol):
    """Where a member of a consumer reads the log."""

    async def claims(self) -> Mapping[int, Claim]:
        """The partitions this member holds now. Keeps its membership alive, so it is asked in every round.

        Raises `StoreUnavailable`.
        """
        ...

    async def poll(self, limit: int, wait: timedelta) -> Sequence[Entry]:
        """The next entries of the partitions held, at most `limit`, in order per topic and partition. Those that are
        polled while others take effect are looked at once claims were asked for again.

        Waits up to `wait` for one. Raises `StoreUnavailable`.
        """
        ...

    async def rewind(self) -> None:
        """Go back to the stored positions: what was polled since was not committed."""
        ...

    async def close(self) -> None:
        """Leave, giving the claims back."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one partition, in order per topic. `version` counts the partition's advances, this one included."""

    partition: int
    version: int
    events: Sequence[Recorded]


class Handler(Protocol):
    """What a consumer does with events."""

    @property
    def consumer(self) -> str:
        """The consumer's name, which its positions are stored under."""
        ...

    @property
    def topics(self) -> frozenset[str]:
        """The topics it reads."""
        ...

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        """Take effect, in the transaction that advances the positions; it may be rolled back after this returns.

        An error that is `retriable` (as `StoreUnavailable` is) has the batches come again later. Any other is held
        against the events: whichever of them it is found to come from are set aside as dead letters. To find them, the
        batches come again in parts, in one transaction and with the same versions.
        """
        ...

    def forget(self, partitions: Collection[int]) -> None:
        """Drop what is remembered of partitions: they were lost, or a transaction that changed them was rolled back."""
        ...
