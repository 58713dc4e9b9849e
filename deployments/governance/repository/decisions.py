"""Measures of automated decisions, and stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from stores.decisions import AutomatedKind
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "decisions.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One day's figures of one kind."""

    kind: str
    measured_on: date
    measured_at: datetime
    decisions: int
    verdict: str
    report: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop; `stopped_by` None: the figures did it."""

    id: UUID
    kind: str
    stopped_at: datetime
    stopped_by: UUID | None
    reason: str
    figures: dict[str, float]


class DecisionRepository:
    """Of the organisation that the transaction declared."""

    def __init__(self, connection: Connection, org_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id

    async def latest(self) -> dict[str, Measure]:
        rows = _queries.latest(self._connection, org_id=self._org_id)
        return {row["kind"]: Measure(**row) async for row in rows}

    async def holding(self) -> dict[str, Stop]:
        """The stops that hold, by kind."""
        rows = _queries.holding(self._connection, org_id=self._org_id)
        return {row["kind"]: Stop(**row) async for row in rows}

    async def measures(self, kind: AutomatedKind, before: date | None, limit: int) -> list[Measure]:
        """The newest first."""
        rows = _queries.measures(self._connection, org_id=self._org_id, kind=kind.value, before=before, limit=limit)
        return [Measure(**row) async for row in rows]

    async def stop(self, kind: AutomatedKind, by: UUID, reason: str) -> Stop | None:
        """None where one holds already."""
        row = await _queries.stop(
            self._connection, id=new_id(), org_id=self._org_id, kind=kind.value, by=by, reason=reason
        )
        return Stop(**row) if row else None

    async def release(self, kind: AutomatedKind, by: UUID, note: str) -> Stop | None:
        """The stop that held; None where none did."""
        row = await _queries.release(self._connection, org_id=self._org_id, kind=kind.value, by=by, note=note)
        return Stop(**row) if row else None
