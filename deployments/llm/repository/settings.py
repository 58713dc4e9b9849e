"""Settings of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from configs.models import DataRule
from deployments.llm.policy import Policy
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "settings.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmSettings:
    """See the table; revision 0 and no time where nothing was ever set."""

    models: list[str] | None = None
    regions: list[str] | None = None
    cache_seconds: int | None = None
    transcript_days: int | None = None
    revision: int = 0
    updated_at: datetime | None = None


class SettingsRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self) -> LlmSettings:
        """The settings, or the defaults."""
        row = await _queries.find(self._connection)
        return LlmSettings() if row is None else LlmSettings(**row)

    async def policy(self) -> Policy:
        """What calls need to know."""
        row: Any = await _queries.policy(self._connection)
        return Policy(
            models=None if row["models"] is None else frozenset(row["models"]),
            rule=None if row["regions"] is None else DataRule(regions=tuple(row["regions"])),
            cache_seconds=row["cache_seconds"],
            transcript_days=row["transcript_days"],
            budgets=row["budgets"],
        )

    async def locked_revision(self) -> int:
        """The revision of the row, held until the transaction ends; 0 where there is none."""
        row = await _queries.lock(self._connection)
        return 0 if row is None else int(row["revision"])

    async def put(
        self,
        models: Sequence[str] | None,
        regions: Sequence[str] | None,
        cache_seconds: int | None,
        transcript_days: int | None,
    ) -> LlmSettings:
        """Replace them."""
        row = await _queries.put(
            self._connection,
            models=models, regions=regions, cache_seconds=cache_seconds, transcript_days=transcript_days,
        )  # fmt: skip
        return LlmSettings(**row)
