"""Which courses a course needs: rows of `course_prerequisites`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "prerequisites.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """A course as others name it."""

    id: UUID
    title: str
    status: str
    instructor_id: UUID

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


class PrerequisiteRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, org_id: UUID) -> None:
        """Let nobody else change prerequisites in the organisation until the transaction ends."""
        await _queries.lock(self._connection, org_id=org_id)

    async def of(self, course_id: UUID) -> list[Prerequisite]:
        return [
            Prerequisite.from_row(row) async for row in _queries.prerequisites(self._connection, course_id=course_id)
        ]

    async def courses(self, ids: Sequence[UUID]) -> list[Prerequisite]:
        """Those of the courses that exist in the organisation."""
        return [Prerequisite.from_row(row) async for row in _queries.courses(self._connection, ids=list(ids))]

    async def edges(self, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
        """What the courses need, what those need, and so on: course to prerequisites."""
        found: dict[UUID, list[UUID]] = {}
        async for row in _queries.edges(self._connection, ids=list(ids)):
            found.setdefault(row["course_id"], []).append(row["prerequisite_id"])
        return found

    async def replace(self, org_id: UUID, course_id: UUID, ids: Sequence[UUID]) -> None:
        """Make `ids` the prerequisites of the course."""
        await _queries.remove(self._connection, course_id=course_id, ids=list(ids))
        await _queries.add(self._connection, org_id=org_id, course_id=course_id, ids=list(ids))
