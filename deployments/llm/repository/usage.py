"""What was spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "usage.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """A group; the dimensions that were not asked for are None in all of them."""

    day: date | None
    user_id: UUID | None
    key_id: UUID | None
    feature: str | None
    model: str | None
    target: str | None
    provider: str | None
    requests: int
    failed: int
    cached: int
    input_tokens: int
    output_tokens: int
    microdollars: int


class UsageRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def totals(
        self, first: date, last: date, by: Sequence[str], user_id: UUID | None, limit: int
    ) -> list[UsageRow]:
        """Groups of the days from `first` to `last`, the dearest first; of one person where `user_id` names one."""
        rows = _queries.totals(self._connection, first=first, last=last, by=list(by), user_id=user_id, limit=limit)
        return [UsageRow(**row) async for row in rows]
