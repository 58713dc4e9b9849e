"""The right to advance a partition of a consumer: one holder at a time, former ones fenced by the epoch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from configs.errors import AzoraError
from stores.event_log.types import Claim
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "claims.sql")


class Fenced(AzoraError):
    """A partition has passed to somebody else; what was begun must not take effect."""

    status = 503
    type = "fenced"
    title = "The partition has another holder now"
    retriable = True


async def register(connection: Connection, consumer: str, topics: Collection[str]) -> None:
    """Make a consumer of `topics` known: the log is kept for it from here on, and every partition can be claimed."""
    await _queries.register(connection, consumer=consumer, topics=sorted(topics))
    await open_claims(connection, consumer)


async def open_claims(connection: Connection, consumer: str) -> None:
    """Make every partition that the log has by now one that can be claimed."""
    await _queries.open_claims(connection, consumer=consumer)


async def board(connection: Connection, consumer: str) -> dict[Claim, str | None]:
    """The newest claim of every partition, with its holder."""
    return {
        Claim(row["partition"], row["epoch"]): row["owner"]
        async for row in _queries.board(connection, consumer=consumer)
    }


async def assign(
    connection: Connection, consumer: str, owner: str | None, current: Collection[Claim]
) -> dict[int, Claim]:
    """Void the `current` claims in favour of `owner`, or of nobody; the new ones, without those that have changed."""
    if not current:
        return {}
    partitions, epochs = _columns(current)
    rows = _queries.assign(connection, consumer=consumer, owner=owner, partitions=partitions, epochs=epochs)
    return {row["partition"]: Claim(row["partition"], row["epoch"]) async for row in rows}


async def seize(connection: Connection, consumer: str, owner: str, partitions: Collection[int]) -> dict[int, Claim]:
    """Give `partitions` to `owner`, whoever has them: for a source whose partitions are dealt out elsewhere."""
    rows = _queries.seize(connection, consumer=consumer, owner=owner, partitions=sorted(partitions))
    return {row["partition"]: Claim(row["partition"], row["epoch"]) async for row in rows}


async def advance(connection: Connection, consumer: str, held: Collection[Claim]) -> dict[int, int]:
    """Lock the claims for this transaction and count it: the new version by partition.

    Raises `Fenced` where one of them is void.
    """
    partitions, epochs = _columns(held)
    rows = _queries.advance(connection, consumer=consumer, partitions=partitions, epochs=epochs)
    versions = {row["partition"]: row["version"] async for row in rows}
    if void := set(partitions) - versions.keys():
        raise Fenced(f"{consumer}: lost partitions {sorted(void)}")
    return versions


def _columns(claims: Collection[Claim]) -> tuple[Sequence[int], Sequence[int]]:
    ordered = sorted(claims)
    return [claim.partition for claim in ordered], [claim.epoch for claim in ordered]
