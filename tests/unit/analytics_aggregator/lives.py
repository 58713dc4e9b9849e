"""Random but valid events: lives of learners in courses, told as the services would tell them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from stores.events import CATALOGUE, Event

BEGIN = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)  # a Friday, shortly before a month's last weekend
FORMER = {"dropped", "expired"}


@dataclass(frozen=True)
class Step:
    """Something that a learner may do; what cannot be done just then is passed over."""

    action: str
    org: int
    learner: int
    course: int
    unit: int
    value: int
    minutes: int

    @property
    def time(self) -> datetime:
        return BEGIN + timedelta(minutes=self.minutes, seconds=self.value % 60, microseconds=self.value)


@dataclass
class Enrollment:
    status: str | None = None
    progress: Decimal = Decimal(0)
    enrolled_at: datetime | None = None
    has_paid: bool = False
    grades: dict[int, Decimal] = field(default_factory=dict)
    marks: dict[int, Decimal] = field(default_factory=dict)  # of the last attempt at each quiz
    rating: int | None = None


def identity(kind: int, *numbers: int) -> UUID:
    """The same id for the same numbers; version 4, so that it looks random."""
    value = kind
    for number in numbers:
        value = (value * 1_000_003 + number + 1) % 2**60
    return UUID(int=(value * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128, version=4)


class Lives:
    """Turns steps into events, in the order in which they are written."""

    def __init__(self, orgs: Sequence[UUID] | None = None) -> None:
        self._orgs = orgs or [identity(1, number) for number in range(3)]
        self._enrollments: dict[tuple[UUID, int, int], Enrollment] = {}
        self._count = 0

    def tell(self, steps: Sequence[Step]) -> list[Event]:
        return [event for step in steps for event in self._tell(step)]

    def user(self, step: Step) -> UUID:
        return identity(2, step.org, step.learner)

    def _tell(self, step: Step) -> Iterator[Event]:
        action: Callable[[Step], Iterator[Event]] = getattr(self, f"_{step.action}")
        yield from action(step)

    def _event(self, step: Step, type: str, key: UUID | None = None, **data: Any) -> Event:
        self._count += 1
        key = key or self.user(step)
        return Event(
            topic=CATALOGUE[type].topic, type=type, source="/test", subject=str(key), key=str(key),
            org_id=self._orgs[step.org], data=data, id=identity(3, self._count), time=step.time,
        )  # fmt: skip

    # People

    def _account(self, step: Step) -> Iterator[Event]:
        how = ("registered", "created", "imported", "invited")[step.value % 4]
        role = "instructor" if step.value % 7 == 0 else "student"
        yield self._event(step, f"user.{how}.v1", user_id=self.user(step), role=role)

    def _sign_in(self, step: Step) -> Iterator[Event]:
        if step.value % 5 == 0:
            yield self._event(step, "session.refused.v1", user_id=self.user(step))
        yield self._event(
            step, "session.started.v1", user_id=self.user(step), session_id=identity(4, step.value),
            role="org_admin" if step.value % 9 == 0 else "student",
            registered_at=step.time - timedelta(days=step.value % 40),
        )  # fmt: skip

    def _upkeep(self, step: Step) -> Iterator[Event]:
        user, course, org = self.user(step), identity(5, step.org, step.course), self._orgs[step.org]
        yield self._event(
            step, "course.published.v1", key=course, course_id=course, version_id=course, version=1, units=3
        )
        yield self._event(step, "user.updated.v1", user_id=user)
        yield self._event(step, "organisation.updated.v1", key=org, organisation_id=org, status="active")

    # Enrolments

    def _about(self, step: Step, before: tuple[str | None, Decimal] | None = None) -> tuple[Enrollment, dict[str, Any]]:
        found = self._find(step)
        previous = before or (found.status, found.progress)
        return found, {
            "enrollment_id": identity(6, step.org, step.learner, step.course), "user_id": self.user(step),
            "course_id": identity(5, step.org, step.course), "course_version_id": identity(7, step.course),
            "status": found.status, "progress": found.progress, "score": None, "previous_status": previous[0],
            "previous_progress": previous[1], "enrolled_at": found.enrolled_at,
        }  # fmt: skip

    def _find(self, step: Step) -> Enrollment:
        return self._enrollments.setdefault((self._orgs[step.org], step.learner, step.course), Enrollment())

    def _move(self, step: Step, type: str, status: str, **more: Any) -> Event:
        found = self._find(step)
        before = (found.status, found.progress)
        found.status = status
        return self._event(step, type, **self._about(step, before)[1], **more)

    def _seat(self, step: Step, type: str) -> Event:
        found = self._find(step)
        found.enrolled_at = step.time - timedelta(days=step.value % 20 if step.value % 3 == 0 else 0)
        price = None if found.has_paid else Decimal(step.value * 7).scaleb(-2)
        found.has_paid = True
        return self._move(step, type, "active", price=price)

    def _enrol(self, step: Step) -> Iterator[Event]:
        status = self._find(step).status
        waits = step.value % 3 == 1
        if status is None and waits:
            yield self._move(step, "enrollment.created.v1", "waitlisted", price=None)
        elif status is None:
            yield self._seat(step, "enrollment.created.v1")
        elif status in FORMER and waits:
            yield self._move(step, "enrollment.waitlisted.v1", "waitlisted")
        elif status in FORMER or status == "waitlisted":
            yield self._seat(step, "enrollment.activated.v1")

    def _leave(self, step: Step) -> Iterator[Event]:
        status = self._find(step).status
        if status == "active" and step.value % 2:
            yield self._move(step, "enrollment.expired.v1", "expired")
        elif status in {"active", "waitlisted"}:
            yield self._move(step, "enrollment.dropped.v1", "dropped")

    def _study(self, step: Step) -> Iterator[Event]:
        found = self._find(step)
        if found.status != "active":
            return
        before = (found.status, found.progress)
        found.progress = min(Decimal(100), found.progress + Decimal(step.value % 6) * Decimal("12.5"))
        unit_id = self._unit(step)
        yield self._event(step, "unit.completed.v1", **self._about(step, before)[1], unit_id=unit_id)
        if found.progress == 100:
            yield self._move(step, "enrollment.completed.v1", "completed")
            yield self._event(step, "certificate.issued.v1", **self._about(step)[1], certificate_id=unit_id)

    def _reopen(self, step: Step) -> Iterator[Event]:
        found = self._find(step)
        if found.status == "active" and found.progress > 0:
            before = (found.status, found.progress)
            found.progress = max(Decimal(0), found.progress - Decimal(step.value % 4) * Decimal("12.5"))
            yield self._event(step, "unit.reopened.v1", **self._about(step, before)[1], unit_id=self._unit(step))

    def _unit(self, step: Step) -> UUID:
        return identity(8, step.org, step.course, step.unit)

    def _attempt(self, step: Step) -> Iterator[Event]:
        found, about = self._about(step)
        before = found.marks.get(step.unit)
        if before is not None and step.value % 3 == 0:
            found.marks[step.unit] = max(before, self._percent(step))
            yield self._event(
                step, "quiz.regraded.v1", **about, unit_id=self._unit(step), attempt_id=self._unit(step), number=1,
                points=1, maximum_points=3, quiz_score=found.marks[step.unit], previous_quiz_score=before, passed=False,
                questions=[],
            )  # fmt: skip
        elif found.status == "active":
            found.marks[step.unit] = self._percent(step)
            yield self._event(
                step, "quiz.attempted.v1", **about, unit_id=self._unit(step), attempt_id=self._unit(step), number=1,
                points=1, maximum_points=3, quiz_score=self._percent(step), passed=False, questions=[],
            )  # fmt: skip

    def _hand_in(self, step: Step) -> Iterator[Event]:
        found, about = self._about(step)
        if found.status == "active":
            submission = identity(9, step.org, step.learner, step.unit)
            yield self._event(
                step, "submission.created.v1", **about, unit_id=self._unit(step), submission_id=submission, number=1
            )

    def _grade(self, step: Step) -> Iterator[Event]:
        found, about = self._about(step)
        if found.status is not None:
            before, found.grades[step.unit] = found.grades.get(step.unit), self._percent(step)
            yield self._event(
                step, "submission.graded.v1", **about, unit_id=self._unit(step), submission_id=self._unit(step),
                points=1, maximum_points=2, grade=found.grades[step.unit], previous_grade=before, passed=True,
            )  # fmt: skip

    @staticmethod
    def _percent(step: Step) -> Decimal:
        return (Decimal(step.value % 91) * 100 / Decimal(90)).quantize(Decimal("0.0001"))

    # Reviews, AI, clients

    def _review(self, step: Step) -> Iterator[Event]:
        found = self._find(step)
        about = {"user_id": self.user(step), "course_id": identity(5, step.org, step.course)}
        if found.rating is not None and step.value % 4 == 0:
            yield self._event(step, "review.deleted.v1", **about, rating=found.rating)
            found.rating = None
        else:
            before, found.rating = found.rating, step.value % 5 + 1
            yield self._event(step, "review.written.v1", **about, rating=found.rating, previous_rating=before)

    def _ask(self, step: Step) -> Iterator[Event]:
        user = self.user(step) if step.value % 3 else None
        yield self._event(
            step, "completion.metered.v1", user_id=user,
            course_id=identity(5, step.org, step.course) if step.value % 2 else None,
            capability="chat", provider="p", model="m", input_tokens=step.value, output_tokens=step.value * 3,
            cost_microdollars=step.value * 11, cached=False, latency_ms=5, outcome="answered",
        )  # fmt: skip

    def _look(self, step: Step) -> Iterator[Event]:
        user = self.user(step) if step.value % 6 else None
        course = identity(5, step.org, step.course)
        unit = {"course_id": course, "unit_id": self._unit(step)}
        match step.value % 5:
            case 0:
                yield self._event(step, "page.viewed.v1", user_id=user)
            case 1:
                yield self._event(step, "unit.viewed.v1", user_id=user, **unit)
            case 2:
                yield self._event(step, "time.spent.v1", user_id=user, course_id=course, seconds=step.value + 1)
            case 3:
                yield self._event(step, "search.performed.v1", user_id=user, results=step.value)
            case _:
                yield self._event(step, "video.played.v1", user_id=user, **unit, position_seconds=1)


ACTIONS = (
    "account", "sign_in", "upkeep", "enrol", "leave", "study", "reopen", "attempt", "hand_in", "grade", "review",
    "ask", "look",
)  # fmt: skip
# What makes the longest stories comes more often.
_OFTEN = (*ACTIONS, "enrol", "enrol", "study", "study", "study", "study")

_step = st.builds(
    Step,
    action=st.sampled_from(_OFTEN),
    org=st.sampled_from((0, 0, 1)),
    learner=st.integers(0, 2),
    course=st.integers(0, 1),
    unit=st.integers(0, 1),
    value=st.integers(0, 100),
    # Mostly within the hour, sometimes days or weeks late or early.
    minutes=st.one_of(st.integers(0, 90), st.integers(-3_000, 3_000), st.integers(-60_000, 20_000)),
)
# Left to itself, hypothesis makes lists of five or so: too short for a life.
steps = st.one_of(st.lists(_step, max_size=20), st.lists(_step, min_size=40, max_size=80))


def random_steps(rng: random.Random, count: int, *, learners: int = 8, courses: int = 3) -> list[Step]:
    """So many steps of several learners."""
    return [
        Step(
            action=rng.choice(_OFTEN),
            org=rng.choice((0, 0, 1)),
            learner=rng.randrange(learners),
            course=rng.randrange(courses),
            unit=rng.randrange(2),
            value=rng.randrange(101),
            minutes=rng.choice((rng.randrange(90), rng.randrange(-3_000, 3_000), rng.randrange(-60_000, 20_000))),
        )
        for _ in range(count)
    ]
