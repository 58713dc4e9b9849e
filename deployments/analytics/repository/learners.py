"""Learners by pseudonym."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from deployments.analytics.cells import Cell, by_start
from deployments.analytics.windows import Range
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "learners.sql")


class Life(NamedTuple):
    """A learner's figures, and the first and last day with something in them."""

    cell: Cell
    first_day: date | None
    last_day: date | None

    @classmethod
    def empty(cls) -> Self:
        """Of somebody of whom nothing was counted."""
        return cls(Cell(), None, None)


class LearnerRepository:
    """Read-only, within one organisation."""

    def __init__(self, connection: Connection, org_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id

    async def pseudonym_of(self, user_id: UUID) -> UUID | None:
        """A person's pseudonym; None before anything of theirs was counted, and after an erasure."""
        found: UUID | None = await _queries.pseudonym_of(self._connection, org_id=self._org_id, user_id=user_id)
        return found

    async def known(self, pseudonym: UUID) -> bool:
        """Whether it is somebody's."""
        return bool(await _queries.known(self._connection, org_id=self._org_id, pseudonym=pseudonym))

    async def pseudonyms(self, after: UUID | None, limit: int) -> list[UUID]:
        """Everybody's, in an order that says nothing."""
        rows = _queries.pseudonyms(self._connection, org_id=self._org_id, after=after, limit=limit)
        return [row["pseudonym"] async for row in rows]

    async def life(self, pseudonym: UUID, span: Range | None = None) -> Life:
        """All that was counted, in a range of days or ever."""
        rows = [
            row
            async for row in _queries.totals(
                self._connection, org_id=self._org_id, pseudonym=pseudonym,
                since=span.start if span else None, until=span.end if span else None,
            )
        ]  # fmt: skip
        cell = Cell({row["name"]: row["amount"] for row in rows})
        return Life(
            cell,
            min((row["first_day"] for row in rows), default=None),
            max((row["last_day"] for row in rows), default=None),
        )

    async def versions(self, pseudonym: UUID) -> dict[int, int]:
        """The version at which each partition last changed the learner's figures."""
        rows: Any = _queries.versions(self._connection, org_id=self._org_id, pseudonym=pseudonym)
        return {row["partition"]: row["version"] async for row in rows}

    async def windows(self, pseudonym: UUID, span: Range) -> dict[datetime, Cell]:
        """Cells by the beginning of their window."""
        rows = _queries.windows(
            self._connection, org_id=self._org_id, pseudonym=pseudonym, since=span.start, until=span.end,
            minutes=int(span.granularity.step.total_seconds()) // 60,
        )  # fmt: skip
        return by_start([row async for row in rows])
