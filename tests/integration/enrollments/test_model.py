"""The service against a model of it: random terms of school life, compared after every step.

The rules run in a thread, because Hypothesis is not asynchronous; each request runs on the tests' own loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deployments.enrollments.duties import expire_due, promote_waiting
from stores.postgres import Database
from tests.integration.enrollments.support import BASE, CourseFixture, create_course, expire, text
from tests.platform import Account, Organisation, Platform

PEOPLE = 5
who = st.integers(0, PEOPLE - 1)
which = st.integers(0, 3)


@dataclass
class Learner:
    """What the model believes of one person's enrolment."""

    status: str | None = None
    overdue: bool = False
    units: list[str] = field(default_factory=list)  # of the version they are on
    done: set[str] = field(default_factory=set)

    @property
    def shown(self) -> str | None:
        return "expired" if self.overdue else self.status

    @property
    def progress(self) -> Decimal:
        if self.status == "completed":
            return Decimal("100.00")
        share = Decimal(100 * len(self.done & set(self.units))) / len(self.units)
        return share.quantize(Decimal("0.01"), ROUND_DOWN)


def somebody_is_enrolled(term: Any) -> bool:
    return bool(term.ids)


class Term(RuleBasedStateMachine):
    """One course with few seats and a handful of people."""

    platform: ClassVar[Platform]
    system: ClassVar[Database]
    loop: ClassVar[asyncio.AbstractEventLoop]
    org: ClassVar[Organisation]
    people: ClassVar[list[Account]]

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[int, str] = {}
        self.queue: list[int] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    @initialize(capacity=st.sampled_from([1, 1, 2, 3, None]))
    def begin(self, capacity: int | None) -> None:
        self.capacity = capacity
        self.pool = [text(str(n)) for n in range(4)]
        self.newest = [unit["id"] for unit in self.pool[:2]]
        self.course: CourseFixture = self.run(create_course(self.org, self.pool[:2], capacity=capacity))
        self.learners = [Learner() for _ in range(PEOPLE)]
        for person in range(3):
            self.enrol(person)

    # The model

    def _free(self) -> bool:
        taken = sum(one.shown == "active" for one in self.learners)
        return self.capacity is None or taken < self.capacity

    def _settle(self) -> None:
        """What happens whenever the course's seats are looked at."""
        for one in self.learners:
            if one.overdue:
                one.status, one.overdue = "expired", False
        while self.queue and self._free():
            one = self.learners[self.queue.pop(0)]
            one.status = "active"
            if not set(self.newest) <= one.done:
                one.units = list(self.newest)

    def _limited(self) -> bool:
        return self.capacity is not None or bool(self.queue)

    def _finish(self, one: Learner) -> None:
        if one.status == "active" and set(one.units) <= one.done:
            one.status = "completed"
            if self.queue:
                self._settle()

    def _enrolled(self, number: int) -> int:
        return list(self.ids)[number % len(self.ids)]

    # What people do

    @rule(person=who)
    def enrol(self, person: int) -> None:
        one = self.learners[person]
        accepted = one.shown in (None, "dropped", "expired")
        answer = self.run(self.people[person].http.post(BASE, json={"course_id": str(self.course.id)}))
        assert answer.status_code == (201 if accepted else 409), answer.text
        if not accepted:
            return
        self.ids[person] = answer.json()["id"]
        if self._limited():
            self._settle()
        seat = self._free()
        one.overdue, one.units = False, list(self.newest)
        if seat or set(self.newest) <= one.done:
            one.status = "active"
            self._finish(one)
        else:
            one.status = "waitlisted"
            self.queue.append(person)

    @precondition(somebody_is_enrolled)
    @rule(number=who, by_staff=st.booleans())
    def drop(self, number: int, by_staff: bool) -> None:
        person = self._enrolled(number)
        one = self.learners[person]
        accepted = one.shown in ("active", "waitlisted")
        http = self.course.instructor.http if by_staff else self.people[person].http
        answer = self.run(http.post(f"{BASE}/{self.ids[person]}/drop"))
        assert answer.status_code == (200 if accepted else 409), answer.text
        if accepted:
            limited = self._limited()
            if one.status == "waitlisted":
                self.queue.remove(person)
            one.status = "dropped"
            if limited:
                self._settle()

    @precondition(somebody_is_enrolled)
    @rule(number=who, unit=which, undo=st.booleans())
    def tick(self, number: int, unit: int, undo: bool) -> None:
        person = self._enrolled(number)
        one, unit_id = self.learners[person], self.pool[unit]["id"]
        path = f"{BASE}/{self.ids[person]}/units/{unit_id}/completion"
        answer = self.run(self.people[person].http.request("DELETE" if undo else "PUT", path))
        if unit_id not in one.units:
            assert answer.status_code == 404, answer.text
            return
        repeated = not undo and one.status == "completed"
        assert answer.status_code == (200 if one.shown == "active" or repeated else 409), answer.text
        if one.shown == "active":
            (one.done.discard if undo else one.done.add)(unit_id)
            self._finish(one)

    @precondition(somebody_is_enrolled)
    @rule(number=who)
    def tick_everything(self, number: int) -> None:
        for unit in range(len(self.pool)):
            self.tick(number, unit, False)

    @precondition(somebody_is_enrolled)
    @rule(number=who)
    def upgrade(self, number: int) -> None:
        person = self._enrolled(number)
        one = self.learners[person]
        answer = self.run(self.people[person].http.post(f"{BASE}/{self.ids[person]}/upgrade"))
        assert answer.status_code == (200 if one.shown == "active" else 409), answer.text
        if one.shown == "active":
            one.units = list(self.newest)
            self._finish(one)

    # What happens to them

    @rule(units=st.sets(which, min_size=1))
    def publish(self, units: set[int]) -> None:
        chosen = [self.pool[n] for n in sorted(units)]
        self.newest = [unit["id"] for unit in chosen]
        self.run(self.course.publish(chosen))

    @rule(capacity=st.sampled_from([1, 2, 4, None]))
    def resize(self, capacity: int | None) -> None:
        self.capacity = capacity
        self.run(self.course.set(capacity=capacity))

    @precondition(somebody_is_enrolled)
    @rule(number=who)
    def time_passes(self, number: int) -> None:
        person = self._enrolled(number)
        if self.learners[person].shown == "active":
            self.learners[person].overdue = True
            self.run(expire(self.course, self.people[person]))

    @rule()
    def housekeeping(self) -> None:
        self.run(expire_due(self.system))
        self.run(promote_waiting(self.system))
        self._settle()

    # What must be true

    @invariant()
    def everybody_sees_what_the_model_says(self) -> None:
        for person, enrollment_id in self.ids.items():
            one = self.learners[person]
            seen = self.run(self.people[person].http.get(f"{BASE}/{enrollment_id}")).json()
            position = self.queue.index(person) + 1 if person in self.queue else None
            assert (seen["status"], seen["waitlist_position"]) == (one.shown, position)
            assert Decimal(seen["progress"]) == one.progress
            answer = self.run(self.people[person].http.get(f"{BASE}/{enrollment_id}/certificate"))
            assert (answer.status_code == 200) == (one.status == "completed")

    @invariant()
    def the_summary_counts_them(self) -> None:
        if self.ids:
            path = f"{BASE}/courses/{self.course.id}/summary"
            counted = self.run(self.course.instructor.http.get(path)).json()["by_status"]
            shown = [one.shown for one in self.learners]
            assert counted == {status: shown.count(status) for status in counted}


async def test_random_terms(platform: Platform) -> None:
    org = await platform.create_organisation()
    Term.platform, Term.org, Term.loop = platform, org, asyncio.get_running_loop()
    Term.people = [await org.person(fresh=True) for _ in range(PEOPLE)]
    Term.system = Database.from_settings(platform.settings, role="azora_system")
    chosen = settings(
        max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    try:
        await asyncio.to_thread(run_state_machine_as_test, Term, settings=chosen)
    finally:
        await Term.system.close()
