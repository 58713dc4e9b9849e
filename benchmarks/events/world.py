"""An organisation at work: courses made by the API, learners written as a script would, and events of their lives."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from benchmarks.client import Client
from benchmarks.target import Target
from stores.events.envelope import TYPE_PREFIX, key_hash
from stores.ids import new_id

_UNITS = 12
_DESCRIPTION = "What a course page shows. " * 20


@dataclass(frozen=True, slots=True)
class Course:
    """A published course. Ids as texts."""

    id: str
    version_id: str
    unit_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class World:
    """Who learns what. Ids of learners as texts."""

    org_id: UUID
    learners: Sequence[str]
    courses: Sequence[Course]


async def create(client: Client, place: Target, owner: asyncpg.Connection, *, learners: int, courses: int) -> World:
    """Courses of twelve units each, published, and so many learners. `owner` is not bound by row-level security."""
    org_id = await owner.fetchval("select id from organisations where slug = $1", place.organisation)
    made = [await create_course(client, place, owner) for _ in range(courses)]
    ids = [new_id() for _ in range(learners)]
    await owner.copy_records_to_table(
        "users",
        columns=("id", "org_id", "email", "first_name", "last_name", "role"),
        records=((id, org_id, f"{id.hex}@bench.example", "Bench", "Mark", "student") for id in ids),
    )
    await owner.execute("analyze users")
    return World(org_id, [str(id) for id in ids], made)


async def create_course(client: Client, place: Target, owner: asyncpg.Connection) -> Course:
    """One more course, of the instructor's."""
    units = [{"kind": "text", "title": f"Unit {n}", "body": "A paragraph of text."} for n in range(_UNITS)]
    course = {
        "title": "A course to measure by",
        "description": _DESCRIPTION,
        "category": "benchmark",
        "modules": [{"title": f"Module {n}", "units": units[n * 3 : n * 3 + 3]} for n in range(_UNITS // 3)],
    }
    who = place.instructor
    _, created = await client.call("POST", "/api/courses", who=who, json=course)
    await client.call("POST", f"/api/courses/{created['id']}/publish", who=who)
    row = await owner.fetchrow(
        "select v.id, v.unit_ids from courses c join course_versions v on v.id = c.published_version_id"
        " where c.id = $1",
        UUID(created["id"]),
    )
    assert row is not None
    return Course(created["id"], str(row["id"]), [str(unit) for unit in row["unit_ids"]])


class Row(NamedTuple):
    """An event as the outbox has it; `envelope` is JSON."""

    id: UUID
    topic: str
    key: str
    hash: int
    envelope: str


@dataclass(slots=True)
class _Enrolment:
    id: str
    course: Course
    since: datetime
    status: str = "active"
    done: int = 0


class Lives:
    """Learners picked at random enrol, look at units, spend time, complete units and take quizzes.

    The events are those that the services publish, without the pydantic models that they go through there.
    """

    def __init__(self, world: World, courses: Sequence[Course], seed: int = 1) -> None:
        self._org_id = str(world.org_id)
        self._learners = world.learners
        self._courses = courses
        self._chance = random.Random(seed)
        self._enrolments: dict[str, _Enrolment] = {}

    def rows(self, count: int, since: datetime | None = None, until: datetime | None = None) -> Iterator[Row]:
        """The next `count` events, happening now, or evenly between two times."""
        made = 0
        while made < count:
            time = datetime.now(UTC) if since is None or until is None else since + (until - since) * (made / count)
            for row in self._next(time):
                made += 1
                yield row

    def _next(self, time: datetime) -> list[Row]:
        learner = self._chance.choice(self._learners)
        enrolment = self._enrolments.get(learner)
        if enrolment is None:
            return [self._enrol(learner, time)]
        what = self._chance.random()
        if what < 0.05:
            data = {
                "user_id": learner, "session_id": str(new_id()), "role": "student",
                "registered_at": _text(enrolment.since),
            }  # fmt: skip
            return [self._row("user_events", "session.started", learner, data, time)]
        if what < 0.25 and enrolment.done < _UNITS:
            return self._complete(learner, enrolment, time)
        if what < 0.40:
            return [self._attempt(learner, enrolment, time)]
        data = {"user_id": learner, "course_id": enrolment.course.id, "unit_id": self._unit(enrolment)}
        if what < 0.55:
            seconds = self._chance.randint(5, 600)
            return [self._row("analytics_events", "time.spent", learner, data | {"seconds": seconds}, time)]
        return [self._row("analytics_events", "unit.viewed", learner, data, time)]

    def _unit(self, enrolment: _Enrolment) -> str:
        return enrolment.course.unit_ids[min(enrolment.done, _UNITS - 1)]

    def _enrol(self, learner: str, time: datetime) -> Row:
        enrolment = _Enrolment(str(new_id()), self._chance.choice(self._courses), time)
        self._enrolments[learner] = enrolment
        data = _about(learner, enrolment) | {"previous_status": None, "price": "49.00"}
        return self._row("enrollment_events", "enrollment.created", learner, data, time)

    def _complete(self, learner: str, enrolment: _Enrolment, time: datetime) -> list[Row]:
        unit, before = self._unit(enrolment), _progress(enrolment)
        enrolment.done += 1
        data = _about(learner, enrolment) | {"previous_progress": before, "unit_id": unit}
        rows = [self._row("enrollment_events", "unit.completed", learner, data, time)]
        if enrolment.done == _UNITS:
            enrolment.status = "completed"
            data = _about(learner, enrolment) | {"previous_status": "active"}
            rows.append(self._row("enrollment_events", "enrollment.completed", learner, data, time))
        return rows

    def _attempt(self, learner: str, enrolment: _Enrolment, time: datetime) -> Row:
        points = self._chance.randint(0, 3)
        questions = [
            {"question_id": f"q{n}", "points": str(int(n < points)), "maximum_points": "1", "correct": n < points}
            for n in range(3)
        ]
        data = _about(learner, enrolment) | {
            "unit_id": self._unit(enrolment), "attempt_id": str(new_id()), "number": 1, "points": str(points),
            "maximum_points": "3", "quiz_score": f"{points / 3 * 100:.2f}", "passed": points > 1,
            "questions": questions,
        }  # fmt: skip
        return self._row("enrollment_events", "quiz.attempted", learner, data, time)

    def _row(self, topic: str, name: str, key: str, data: dict[str, Any], time: datetime) -> Row:
        id = new_id()
        envelope = {
            "specversion": "1.0", "id": str(id), "type": f"{TYPE_PREFIX}{name}.v1", "source": "bench",
            "subject": data.get("course_id", key), "time": _text(time), "datacontenttype": "application/json",
            "partitionkey": key, "orgid": self._org_id, "data": data,
        }  # fmt: skip
        return Row(id, topic, key, key_hash(key), orjson.dumps(envelope).decode())


def _about(learner: str, enrolment: _Enrolment) -> dict[str, Any]:
    progress = _progress(enrolment)
    return {
        "enrollment_id": enrolment.id, "user_id": learner, "course_id": enrolment.course.id,
        "course_version_id": enrolment.course.version_id, "status": enrolment.status, "progress": progress,
        "previous_status": enrolment.status, "previous_progress": progress, "score": None,
        "enrolled_at": _text(enrolment.since),
    }  # fmt: skip


def _progress(enrolment: _Enrolment) -> str:
    return f"{enrolment.done / _UNITS * 100:.2f}"


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
