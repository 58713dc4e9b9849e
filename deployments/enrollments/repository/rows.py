"""Rows as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from deployments.enrollments.lifecycle import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What enrolments need to know of a course. `version_id` is the newest published version."""

    id: UUID
    title: str
    status: str
    instructor_id: UUID
    capacity: int | None
    access_days: int | None
    version_id: UUID | None
    price: Decimal
    anyone_waits: bool = False

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})

    @property
    def open(self) -> bool:
        """Whether it takes learners."""
        return self.status == "published" and self.version_id is not None

    @property
    def limited(self) -> bool:
        """Whether seats have to be counted, so that the course's row must be locked before anything changes."""
        return self.capacity is not None or self.anyone_waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A course and a person who may take it. `missing` lists the prerequisites the person has not completed."""

    course: Course
    person_status: str | None
    missing: list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """One row of `enrollments`. `status` is expired from the moment access ends; `overdue` says that the row does
    not say so yet."""

    id: UUID
    org_id: UUID
    user_id: UUID
    course_id: UUID
    version_id: UUID
    status: Status
    overdue: bool
    progress: Decimal
    score: Decimal | None
    revision: int
    enrolled_at: datetime | None
    completed_at: datetime | None

    @property
    def told_status(self) -> Status:
        """The status as the row has it, and so the last event about it."""
        return Status.ACTIVE if self.overdue else self.status

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            id=row["id"],
            org_id=row["org_id"],
            user_id=row["user_id"],
            course_id=row["course_id"],
            version_id=row["course_version_id"],
            status=Status.EXPIRED if row["overdue"] else Status(row["status"]),
            overdue=row["overdue"],
            progress=row["progress"],
            score=row["score"],
            revision=row["revision"],
            enrolled_at=row["enrolled_at"],
            completed_at=row["completed_at"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One row of `submissions`. `superseded` says that the learner has handed in something newer."""

    id: UUID
    enrollment_id: UUID
    unit_id: UUID
    number: int
    body: str
    points: Decimal | None
    maximum_points: Decimal
    feedback: str | None
    graded_by: UUID | None
    graded_at: datetime | None
    revision: int
    created_at: datetime
    superseded: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row of `quiz_attempts`."""

    id: UUID
    enrollment_id: UUID
    unit_id: UUID
    number: int
    answers: dict[str, Any]
    result: list[dict[str, Any]]
    points: Decimal
    maximum_points: Decimal
    score: Decimal
    passed: bool
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})
