"""Courses put straight into the database, and enrolments over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from stores.ids import new_id
from tests.platform import Account, Organisation, Platform

BASE = "/api/enrollments"


def text(title: str = "Text") -> dict[str, Any]:
    return {"id": str(new_id()), "kind": "text", "title": title, "body": "…", "video_url": None}


def quiz(title: str = "Quiz", *, mark: float = 50, attempts: int | None = None) -> dict[str, Any]:
    """Four questions of one point each, of every kind but multiple choice, and one of two points of that."""
    options = [{"id": str(new_id()), "text": name} for name in "abc"]
    common = {"points": 1, "prompt": "?"}
    questions = [
        {"kind": "single_choice", "options": options, "correct": options[1]["id"], **common},
        {
            "kind": "multiple_choice", "options": options, "correct": [options[0]["id"], options[2]["id"]],
            **common, "points": 2,
        },
        {"kind": "true_false", "correct": False, **common},
        {"kind": "numeric", "correct": 2.5, "tolerance": 0.1, **common},
        {"kind": "short_text", "accepted": ["Working memory"], **common},
    ]  # fmt: skip
    questions = [{"id": str(new_id()), "explanation": f"because {n}", **q} for n, q in enumerate(questions)]
    body = {"pass_mark_percent": mark, "attempts_allowed": attempts, "questions": questions}
    return {"id": str(new_id()), "kind": "quiz", "title": title, "quiz": body}


def assignment(title: str = "Essay", *, maximum: float = 10, mark: float | None = None) -> dict[str, Any]:
    body = {"instructions": "write", "maximum_points": maximum, "pass_mark_percent": mark}
    return {"id": str(new_id()), "kind": "assignment", "title": title, "assignment": body}


def answers(unit: dict[str, Any], right: int = 5) -> dict[str, Any]:
    """Answers of which the first `right` are right."""
    found: dict[str, Any] = {}
    for n, question in enumerate(unit["quiz"]["questions"]):
        good = n < right
        match question["kind"]:
            case "single_choice":
                found[question["id"]] = question["correct"] if good else question["options"][0]["id"]
            case "multiple_choice":
                found[question["id"]] = question["correct"] if good else question["correct"][:1]
            case "true_false":
                found[question["id"]] = question["correct"] if good else not question["correct"]
            case "numeric":
                found[question["id"]] = question["correct"] if good else 99
            case "short_text":
                found[question["id"]] = " working  MEMORY " if good else "no"
    return found


@dataclass
class CourseFixture:
    """A published course; `publish` makes its next version."""

    id: UUID
    org: Organisation
    instructor: Account
    units: list[dict[str, Any]]
    number: int = 0
    version_ids: list[UUID] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        return self.org.platform

    async def publish(self, units: Sequence[dict[str, Any]] | None = None) -> None:
        self.units = list(units if units is not None else self.units)
        self.number += 1
        version_id = new_id()
        content = {"modules": [{"id": str(new_id()), "title": "Module", "units": self.units}]}
        async with self.platform.database.transaction(self.org.id) as connection:
            await connection.execute(
                "insert into course_versions (id, org_id, course_id, number, title, content, unit_ids, published_by)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8)",
                version_id, self.org.id, self.id, self.number, f"Course v{self.number}", content,
                [UUID(unit["id"]) for unit in self.units], self.instructor.id,
            )  # fmt: skip
            await connection.execute(
                "update courses set status = 'published', published_version_id = $2 where id = $1", self.id, version_id
            )
        self.version_ids.append(version_id)

    async def set(self, **columns: Any) -> None:
        async with self.platform.database.transaction(self.org.id) as connection:
            for name, value in columns.items():
                await connection.execute(f"update courses set {name} = $2 where id = $1", self.id, value)

    async def statuses(self) -> dict[UUID, str]:
        """Stored statuses by learner."""
        async with self.platform.database.transaction(self.org.id) as connection:
            rows = await connection.fetch("select user_id, status from enrollments where course_id = $1", self.id)
        return {row["user_id"]: row["status"] for row in rows}


async def create_course(
    org: Organisation,
    units: Sequence[dict[str, Any]] | None = None,
    *,
    instructor: Account | None = None,
    **columns: Any,
) -> CourseFixture:
    """A published course of the organisation's instructor."""
    instructor = instructor or await org.person("instructor")
    course = CourseFixture(new_id(), org, instructor, list(units if units is not None else [text()]))
    async with org.platform.database.transaction(org.id) as connection:
        await connection.execute(
            "insert into courses (id, org_id, title, instructor_id) values ($1, $2, 'Course', $3)",
            course.id, org.id, instructor.id,
        )  # fmt: skip
    await course.publish()
    await course.set(**columns)
    return course


async def require(course: CourseFixture, *others: CourseFixture) -> None:
    """Make other courses prerequisites of one."""
    async with course.platform.database.transaction(course.org.id) as connection:
        for other in others:
            await connection.execute(
                "insert into course_prerequisites (org_id, course_id, prerequisite_id) values ($1, $2, $3)",
                course.org.id, course.id, other.id,
            )  # fmt: skip


async def enrol(person: Account, course: CourseFixture) -> dict[str, Any]:
    """Enrol and give the enrolment."""
    return ok(await person.http.post(BASE, json={"course_id": str(course.id)}), 201)


async def get(person: Account, enrollment: dict[str, Any]) -> dict[str, Any]:
    return ok(await person.http.get(f"{BASE}/{enrollment['id']}"))


def unit_path(enrollment: dict[str, Any], unit: dict[str, Any], leaf: str) -> str:
    return f"{BASE}/{enrollment['id']}/units/{unit['id']}/{leaf}"


async def tick(person: Account, enrollment: dict[str, Any], unit: dict[str, Any]) -> dict[str, Any]:
    return ok(await person.http.put(unit_path(enrollment, unit, "completion")))


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def refused(answer: httpx.Response, status: int, type: str) -> dict[str, Any]:
    """The problem, where it is the expected one."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["type"] == f"urn:azora:problem:{type}", body
    assert isinstance(body, dict)
    return body


async def events(org: Organisation, subject: str | UUID | None = None) -> list[str]:
    """The types of the organisation's enrolment events in order, of one subject or of all."""
    async with org.platform.database.transaction(org.id) as connection:
        rows = await connection.fetch(
            "select event ->> 'type' as type, event ->> 'subject' as subject from outbox"
            " where topic = 'enrollment_events' order by seq"
        )
    return [row["type"].removeprefix("azora.") for row in rows if subject is None or row["subject"] == str(subject)]


async def expire(course: CourseFixture, *people: Account) -> None:
    """Let the access of learners end, without anybody having noticed yet."""
    async with course.platform.database.transaction(course.org.id) as connection:
        await connection.execute(
            "update enrollments set expires_at = now() - interval '1 second'"
            " where course_id = $1 and user_id = any($2)",
            course.id, [person.id for person in people],
        )  # fmt: skip
