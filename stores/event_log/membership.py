"""How the members of a consumer share its partitions with nobody in charge: all deal them out by the same rule.

Each member says every so often that it lives. A partition goes to the member that the rule names as soon as its
holder gives it back, or is dead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from stores.event_log import claims
from stores.event_log.types import Claim
from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__, "membership.sql")


def fair_share(member: str, live: Collection[str], partitions: Collection[int]) -> set[int]:
    """The partitions that fall to `member`: they are dealt out in turn to the live ones in order of their names."""
    members = sorted({*live, member})
    return {partition for partition in partitions if members[partition % len(members)] == member}


class Moves(NamedTuple):
    """What a member does about its claims: keeps some, gives some back, takes others."""

    keep: dict[int, Claim]
    release: list[Claim]
    take: list[Claim]


def moves(member: str, live: Collection[str], board: Mapping[Claim, str | None], held: Mapping[int, Claim]) -> Moves:
    """What `member` should do, given who holds what. A claim of its own that it does not hold is a former life's."""
    wanted = fair_share(member, live, [claim.partition for claim in board])
    found = Moves({}, [], [])
    for claim, owner in board.items():
        is_mine = owner == member
        if claim.partition not in wanted:
            if is_mine:
                found.release.append(claim)
        elif is_mine and held.get(claim.partition) == claim:
            found.keep[claim.partition] = claim
        elif is_mine or owner is None or owner not in live:
            found.take.append(claim)
    return found


class Membership:
    """One member of a consumer."""

    def __init__(
        self, database: Database, consumer: str, topics: Sequence[str], member: str, stale_after: timedelta
    ) -> None:
        self._database = database
        self._consumer = consumer
        self._topics = topics
        self._member = member
        self._stale_after = stale_after
        self._is_registered = False

    async def renew(self, held: Mapping[int, Claim]) -> dict[int, Claim]:
        """Say that the member lives, and settle what it holds: what was given back or lost is absent.

        To be called while none of `held` is in use. Raises `StoreUnavailable`.
        """
        async with self._database.transaction(None) as connection:
            await self._attend(connection)
            todo = moves(self._member, await self._live(connection), await self._board(connection), held)
            await claims.assign(connection, self._consumer, None, todo.release)
            taken = await claims.assign(connection, self._consumer, self._member, todo.take)
        return todo.keep | taken

    async def leave(self, held: Mapping[int, Claim]) -> None:
        """Give back what is held, and go: the others need not wait until the member counts as dead."""
        async with self._database.transaction(None) as connection:
            await claims.assign(connection, self._consumer, None, held.values())
            await _queries.leave(connection, consumer=self._consumer, member=self._member)

    async def _attend(self, connection: Connection) -> None:
        who = {"consumer": self._consumer, "member": self._member}
        if not self._is_registered or not await _queries.attend(connection, **who):
            await claims.register(connection, self._consumer, self._topics)
            await _queries.forget_the_dead(connection, consumer=self._consumer)
            await _queries.attend(connection, **who)
            self._is_registered = True

    async def _live(self, connection: Connection) -> set[str]:
        rows = _queries.live(connection, consumer=self._consumer, stale_after=self._stale_after)
        return {row["member"] async for row in rows}

    async def _board(self, connection: Connection) -> dict[Claim, str | None]:
        found = await claims.board(connection, self._consumer)
        if len(found) < await _queries.partitions(connection):
            await claims.open_claims(connection, self._consumer)
            found = await claims.board(connection, self._consumer)
        return found


async def retire(connection: Connection, consumer: str, stale_after: timedelta) -> bool:
    """Forget a consumer that will not read any more, with its positions and dead letters, so that it holds up no
    trimming. Returns whether it did: not where there is none, or where one of its members still runs.
    """
    return bool(await _queries.retire(connection, consumer=consumer, stale_after=stale_after))
