"""Courses, enrolments and reviews as the tests of courses need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml

from stores.ids import new_id
from tests.platform import Account, Organisation, Platform

DEMO = Path(__file__).parents[3] / "configs" / "demo" / "courses"

QUIZ = {
    "pass_mark_percent": 60,
    "attempts_allowed": 3,
    "questions": [
        {
            "kind": "single_choice",
            "prompt": "What is `1 + 1`?",
            "points": 1,
            "options": ["1", "2"],
            "correct": 1,
            "explanation": "KEY two",
        },
        {"kind": "multiple_choice", "prompt": "Even?", "points": 2, "options": ["1", "2", "4"], "correct": [1, 2]},
        {"kind": "true_false", "prompt": "True?", "points": 1, "correct": True, "explanation": "KEY true"},
        {"kind": "numeric", "prompt": "Half of five?", "points": 0.5, "correct": 2.5, "tolerance": 0.125},
        {"kind": "short_text", "prompt": "Capital of France?", "points": 1, "accepted": ["KEY Paris"]},
    ],
}
MODULES = [
    {
        "title": "First",
        "units": [
            {"kind": "text", "title": "Read", "body": "Some **bold** words."},
            {"kind": "video", "title": "Watch", "video_url": "https://videos.example.org/1.mp4", "body": "About it."},
        ],
    },
    {
        "title": "Second",
        "units": [
            {"kind": "quiz", "title": "Try", "quiz": QUIZ},
            {
                "kind": "assignment",
                "title": "Write",
                "assignment": {"instructions": "Write *it*.", "maximum_points": 10, "pass_mark_percent": None},
            },
        ],
    },
]


def demo(name: str) -> dict[str, Any]:
    """A demo course as the request that makes it."""
    course: dict[str, Any] = yaml.safe_load((DEMO / f"{name}.yaml").read_text(encoding="utf-8"))
    for key in ("slug", "instructor", "prerequisites"):
        del course[key]
    return course


def ok(answer: httpx.Response, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def problem(answer: httpx.Response, status: int, type: str) -> dict[str, Any]:
    """The body of a refusal that must be of this status and type."""
    body: dict[str, Any] = ok(answer, status)
    assert body["type"] == f"urn:azora:problem:{type}", body
    return body


async def create(author: Account, **fields: Any) -> str:
    """A draft; returns its id."""
    course_id: str = ok(await author.http.post("/api/courses", json={"title": "A course", **fields}), 201)["id"]
    return course_id


async def publish(author: Account, **fields: Any) -> str:
    """A published course with content; returns its id."""
    course_id = await create(author, **{"modules": MODULES, **fields})
    ok(await author.http.post(f"/api/courses/{course_id}/publish"))
    return course_id


async def enrol(
    platform: Platform, org: Organisation, course_id: str, user_id: UUID, status: str = "active", **columns: Any
) -> None:
    """Write an enrolment in the published version, past the enrolment service."""
    async with platform.database.transaction(org.id) as connection:
        await connection.execute(
            "insert into enrollments"
            " (id, org_id, user_id, course_id, course_version_id, status, enrolled_at, expires_at)"
            " select $1, c.org_id, $2, c.id, c.published_version_id, $3, $4, $5 from courses c where c.id = $6"
            " on conflict (course_id, user_id) do update"
            " set status = excluded.status, enrolled_at = excluded.enrolled_at, expires_at = excluded.expires_at",
            new_id(), user_id, status, columns.get("enrolled_at"), columns.get("expires_at"), course_id,
        )  # fmt: skip
