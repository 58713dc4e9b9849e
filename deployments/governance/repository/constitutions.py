"""Constitutions of organisations, and plans to try them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from learning.governance.constitution import Constitution, parse
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "constitutions.sql")
# Nobody reads further back than this in a list; each can still be asked for by its number.
_MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as it was proposed; `document` only where it was asked for."""

    number: int
    digest: str
    note: str
    proposed_by: UUID
    proposed_at: datetime
    document: Constitution | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Version:
        fields = dict(row)
        document = fields.pop("document", None)
        return cls(**fields, document=parse(document) if document is not None else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """Which version came into force, by whom and when."""

    number: int
    activated_by: UUID
    activated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPlan:
    """A plan that was judged, without what people wrote."""

    task_id: UUID
    shape: dict[str, Any]
    judged_at: datetime


class ConstitutionRepository:
    """Of the organisation that the transaction declared."""

    def __init__(self, connection: Connection, org_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id

    async def next_number(self) -> int:
        """The number of the next version; others who ask wait until the transaction ends."""
        await _queries.lock_numbers(self._connection, org_id=self._org_id)
        return int(await _queries.last_number(self._connection, org_id=self._org_id)) + 1

    async def insert(self, document: Constitution, number: int, note: str, proposed_by: UUID) -> Version:
        row = await _queries.insert(
            self._connection,
            org_id=self._org_id,
            number=number,
            document=document.model_dump(mode="json"),
            digest=document.digest,
            note=note,
            proposed_by=proposed_by,
        )
        return Version.from_row(row)

    async def find(self, number: int) -> Version | None:
        row = await _queries.find(self._connection, org_id=self._org_id, number=number)
        return Version.from_row(row) if row else None

    async def newest(self) -> list[Version]:
        rows = _queries.newest(self._connection, org_id=self._org_id, limit=_MOST_LISTED)
        return [Version.from_row(row) async for row in rows]

    async def activation(self) -> Activation | None:
        """The last one; None where the platform's own was never replaced."""
        row = await _queries.activation(self._connection, org_id=self._org_id)
        return Activation(**row) if row else None

    async def activate(self, number: int, activated_by: UUID) -> None:
        await _queries.activate(self._connection, org_id=self._org_id, number=number, activated_by=activated_by)

    async def past_plans(self, limit: int) -> list[PastPlan]:
        """The newest first."""
        rows = _queries.past_plans(self._connection, org_id=self._org_id, limit=limit)
        return [PastPlan(**row) async for row in rows]
