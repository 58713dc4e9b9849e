"""Reviews: one row of `reviews` per learner and course. Triggers keep the figures of `course_ratings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "reviews.sql")

ReviewSort = Literal["newest", "rating"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review and, as far as others learn it, who wrote it."""

    id: UUID
    user_id: UUID
    reviewer: str
    rating: int
    body: str
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        fields = {name: row[name] for name in cls.__slots__ if name != "reviewer"}
        return cls(reviewer=short_name(row["first_name"], row["last_name"]), **fields)


def short_name(first_name: str, last_name: str) -> str:
    """First name and initial: `Ada L.`"""
    return f"{first_name} {last_name[:1]}.".strip() if last_name else first_name


class ReviewRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def has_learned(self, course_id: UUID, user_id: UUID) -> bool:
        """Whether the person, whose row is locked, is enrolled in the course or was; no erased person is."""
        return bool(await _queries.has_learned(self._connection, course_id=course_id, user_id=user_id))

    async def write(
        self, *, org_id: UUID, course_id: UUID, user_id: UUID, rating: int, body: str
    ) -> tuple[Review, int | None]:
        """Write the person's review, or rewrite it: the review, and the rating that it replaces."""
        whose = {"course_id": course_id, "user_id": user_id}
        while True:  # once more where somebody else writes or deletes the same review between the statements
            replaced: int | None = await _queries.lock_rating(self._connection, **whose)
            if replaced is None:
                row = await _queries.insert_review(
                    self._connection, id=new_id(), org_id=org_id, rating=rating, body=body, **whose
                )
            else:
                row = await _queries.update_review(self._connection, rating=rating, body=body, **whose)
            if row is not None:
                return Review.from_row(row), replaced

    async def delete(self, course_id: UUID, user_id: UUID) -> int | None:
        """Delete the person's review: its rating, or None where there was none."""
        rating: int | None = await _queries.delete_review(self._connection, course_id=course_id, user_id=user_id)
        return rating

    async def page(
        self, course_id: UUID, sort: ReviewSort, after: datetime | int | None, after_id: UUID | None, limit: int
    ) -> list[Review]:
        """Reviews behind a position in the order: (creation or rating, id)."""
        query = _queries.newest_reviews if sort == "newest" else _queries.best_reviews
        rows = query(self._connection, course_id=course_id, after=after, after_id=after_id, limit=limit)
        return [Review.from_row(row) async for row in rows]
