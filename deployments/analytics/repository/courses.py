"""Courses, as far as figures need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "courses.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Whose course it is, and whether strangers may know of it."""

    id: UUID
    title: str
    status: str
    instructor_id: UUID


class OutlinedUnit(NamedTuple):
    """A unit of the published version."""

    id: UUID
    title: str
    kind: str


class CourseRepository:
    """Read-only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, course_id: UUID) -> Course | None:
        """The tenant's course, or None."""
        row = await _queries.course(self._connection, course_id=course_id)
        return Course(**row) if row else None

    async def find_with_units(self, course_id: UUID) -> tuple[Course | None, list[OutlinedUnit]]:
        """The same, and the units of the published version in order; none where nothing is published."""
        row = await _queries.outlined_course(self._connection, course_id=course_id)
        if row is None:
            return None, []
        fields: dict[str, Any] = dict(row)
        modules = fields.pop("outline") or []
        units = [
            OutlinedUnit(UUID(unit["id"]), unit["title"], unit["kind"])
            for module in modules
            for unit in module["units"]
        ]
        return Course(**fields), units

    async def titles(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Titles by id; ids of nothing are absent."""
        return {row["id"]: row["title"] async for row in _queries.titles(self._connection, ids=list(ids))}
