"""Rows of `courses`, and one course with all that its page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

from deployments.courses.ratings import average, fair_average
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "courses.sql")

Status = Literal["draft", "published", "archived"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One row of `courses`."""

    id: UUID
    title: str
    description: str
    instructor_id: UUID
    category: str
    difficulty: str
    duration_minutes: int
    price: Decimal
    currency: str
    language: str
    tags: Sequence[str]
    capacity: int | None
    access_days: int | None
    status: Status
    published_version_id: UUID | None
    revision: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row["duration" if name == "duration_minutes" else name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """The ratings of a course; see `deployments.courses.ratings` for the two averages."""

    average: Decimal | None
    count: int
    fair: Decimal | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        count, total = row["rating_count"], row["rating_sum"]
        return cls(average=average(count, total), count=count, fair=fair_average(count, total, row["mean_rating"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePage:
    """A course and what is shown beside it: `prerequisites` and `outline` are JSON."""

    course: Course
    instructor_name: str
    version: int | None
    outline: list[dict[str, Any]]
    rating: Rating
    prerequisites: list[dict[str, Any]]


def full_name(row: Mapping[str, Any]) -> str:
    """First and last name, of which either may be empty."""
    return f"{row['first_name']} {row['last_name']}".strip()


class CourseRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, course_id: UUID) -> Course | None:
        row = await _queries.course(self._connection, course_id=course_id)
        return Course.from_row(row) if row else None

    async def lock(self, course_id: UUID) -> Course | None:
        """The course, which no other author changes until the transaction ends."""
        row = await _queries.lock_course(self._connection, course_id=course_id)
        return Course.from_row(row) if row else None

    async def page(self, course_id: UUID) -> CoursePage | None:
        """Everything that the course's page shows, in one reading."""
        row = await _queries.course_view(self._connection, course_id=course_id)
        if row is None:
            return None
        return CoursePage(
            course=Course.from_row(row),
            instructor_name=full_name(row),
            version=row["number"],
            outline=row["outline"] or [],
            rating=Rating.from_row(row),
            prerequisites=row["prerequisites"],
        )

    async def insert(self, org_id: UUID, course_id: UUID, fields: Mapping[str, Any]) -> Course:
        """Write a draft; `fields` are those of `Course` that an author sets."""
        return Course.from_row(await _queries.insert_course(self._connection, org_id=org_id, id=course_id, **fields))

    async def update(self, fields: Mapping[str, Any]) -> Course:
        """Write what an author may change of it."""
        return Course.from_row(await _queries.update_course(self._connection, **fields))

    async def delete(self, course_id: UUID) -> None:
        await _queries.delete_course(self._connection, course_id=course_id)

    async def offer(self, course_id: UUID, version_id: UUID) -> Course:
        """Show this version of the course in the catalogue."""
        return Course.from_row(
            await _queries.offer_course(self._connection, course_id=course_id, version_id=version_id)
        )

    async def archive(self, course_id: UUID) -> Course:
        return Course.from_row(await _queries.archive_course(self._connection, course_id=course_id))

    async def role_of(self, user_id: UUID) -> str | None:
        """The role of an active person of the organisation."""
        row = await _queries.person(self._connection, user_id=user_id)
        return row["role"] if row and row["status"] == "active" else None

    async def notify(self, message: str) -> None:
        """Send a message on `course_changed`, delivered at commit after those that the triggers sent."""
        await _queries.notify(self._connection, message=message)
