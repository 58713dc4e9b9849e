"""Published versions of courses: rows of `course_versions`, which nobody changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "versions.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version without its content; `units` says how many it has."""

    id: UUID
    number: int
    title: str
    published_by: UUID
    published_at: datetime
    units: int

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest version of a course, and whether a draft has the same content."""

    id: UUID
    number: int
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What somebody may read of a course; without a version, nothing. `outline` is JSON."""

    status: str
    instructor_id: UUID
    version_id: UUID | None
    number: int | None
    title: str | None
    outline: list[dict[str, Any]]
    unit_ids: Sequence[UUID]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        found = {name: row[name] for name in cls.__slots__}
        return cls(**found | {"outline": row["outline"] or [], "unit_ids": row["unit_ids"] or []})


class VersionRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def latest(self, course_id: UUID, content: Mapping[str, Any]) -> Latest | None:
        """The newest version, compared with `content`."""
        row = await _queries.latest(self._connection, course_id=course_id, content=content)
        return Latest(id=row["id"], number=row["number"], same=row["same"]) if row else None

    async def insert(self, **version: Any) -> Version:
        """Write a version: org_id, course_id, number, title, content, unit_ids, published_by."""
        return Version.from_row(await _queries.insert_version(self._connection, id=new_id(), **version))

    async def summary(self, version_id: UUID) -> Version:
        return Version.from_row(await _queries.version_summary(self._connection, version_id=version_id))

    async def page(self, course_id: UUID, before: int | None, limit: int) -> list[Version]:
        """Versions below a number, the newest first."""
        rows = _queries.versions(self._connection, course_id=course_id, before=before, limit=limit)
        return [Version.from_row(row) async for row in rows]

    async def find(self, course_id: UUID, number: int) -> tuple[Version, dict[str, Any]] | None:
        """A version and its content."""
        row = await _queries.version(self._connection, course_id=course_id, number=number)
        return (Version.from_row(row), row["content"]) if row else None

    async def reading(self, course_id: UUID, user_id: UUID, *, any_course: bool) -> Reading | None:
        """What a person may read; `any_course` where their role lets them read every published course."""
        row = await _queries.reading(self._connection, course_id=course_id, user_id=user_id, any=any_course)
        return Reading.from_row(row) if row else None

    async def content(self, version_id: UUID) -> dict[str, Any]:
        """All of a version, with the keys of its quizzes."""
        content: dict[str, Any] = await _queries.content(self._connection, version_id=version_id)
        return content

    async def unit(self, version_id: UUID, unit_id: UUID) -> dict[str, Any]:
        """One unit that the version has, with the key of its quiz."""
        unit: dict[str, Any] = await _queries.unit_content(
            self._connection, version_id=version_id, unit_id=str(unit_id)
        )
        return unit
