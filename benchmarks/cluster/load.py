"""A steady load: so many requests a second whatever comes back, each judged by what it should have been answered.

Seven of ten requests read a course or an enrolment; the others enrol a learner or complete a unit. Every write has an
Idempotency-Key and is repeated until it is acknowledged, as a good client does; availability counts the first answers
alone. What was acknowledged goes into the ledger.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.cluster.world import Course, Learner, World

_READS = 0.7
_PAUSE_SECONDS = 0.5
_IN_FLIGHT = 100  # a platform that has stopped answering is not buried under what waits
_GIVE_UP_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """The first answer to one request: when it was sent, how long it took, what was wrong with it."""

    at: float
    seconds: float
    trouble: str = ""


@dataclass
class Ledger:
    """What was answered, and what was acknowledged."""

    answers: list[Answer] = field(default_factory=list)
    enrolled: dict[tuple[str, str], str] = field(default_factory=dict)  # learner, course -> enrolment
    completed: set[tuple[str, str]] = field(default_factory=set)  # enrolment, unit
    lost: list[str] = field(default_factory=list)  # never acknowledged, however often they were sent

    @property
    def right(self) -> int:
        return sum(not answer.trouble for answer in self.answers)

    @property
    def availability(self) -> float:
        """The share of first answers that were right."""
        return self.right / len(self.answers) if self.answers else 1.0

    def troubles(self) -> Counter[str]:
        return Counter(answer.trouble for answer in self.answers if answer.trouble)

    def disturbance(self, start: float, end: float) -> tuple[int, float, float]:
        """Of the requests sent in a span: how many were answered wrongly, when after its start the last of these was
        sent, and how long the slowest right answer took."""
        sent = [answer for answer in self.answers if start <= answer.at < end]
        wrong = [answer.at - start for answer in sent if answer.trouble]
        return len(wrong), max(wrong, default=0.0), max((a.seconds for a in sent if not a.trouble), default=0.0)

    def percentile(self, share: float) -> float:
        """The latency of right answers, in seconds."""
        taken = sorted(answer.seconds for answer in self.answers if not answer.trouble)
        return taken[min(len(taken) - 1, int(share * len(taken)))] if taken else 0.0


class Load:
    """Runs until told to stop."""

    def __init__(self, world: World, http: aiohttp.ClientSession, per_second: float) -> None:
        self.ledger = Ledger()
        self._http = http
        self.began = 0.0
        self._world = world
        self._interval = 1 / per_second
        self._writes = self._plan()
        self._random = random.Random(7)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send at an even pace; at the end wait for what is on its way."""
        self.began = self.began or time.monotonic()
        for number in itertools.count():
            delay = self.began + number * self._interval - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
            if stop.is_set():
                break
            while len(self._running) >= _IN_FLIGHT:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._one())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        await asyncio.gather(*self._running)

    def _plan(self) -> Iterator[tuple[Learner, Course, str | None]]:
        """Enrolments, each followed by its units once the others have had their turn; None is the enrolment."""
        for course in self._world.courses:
            for step in (None, *course.units):
                for learner in self._world.learners:
                    yield learner, course, step

    async def _one(self) -> None:
        if self._random.random() < _READS or (write := next(self._writes, None)) is None:
            await self._read()
        elif write[2] is None:
            await self._enrol(write[0], write[1])
        else:
            await self._complete(write[0], write[1], write[2])

    async def _read(self) -> None:
        learner, course = self._random.choice(self._world.learners), self._random.choice(self._world.courses)
        enrolment = self.ledger.enrolled.get((learner.email, course.id))
        if enrolment is not None and self._random.random() < 0.5:
            await self._once("GET", f"/api/enrollments/{enrolment}", learner, expect=("course_id", course.id))
        else:
            await self._once("GET", f"/api/courses/{course.id}", learner, expect=("title", course.title))

    async def _enrol(self, learner: Learner, course: Course) -> None:
        key = f"{learner.email}-{course.id}"
        body = await self._until("POST", "/api/enrollments", learner, key, {"course_id": course.id})
        if body is not None:
            self.ledger.enrolled[learner.email, course.id] = body["id"]

    async def _complete(self, learner: Learner, course: Course, unit: str) -> None:
        enrolment = self.ledger.enrolled.get((learner.email, course.id))
        if enrolment is None:
            return
        path = f"/api/enrollments/{enrolment}/units/{unit}/completion"
        if await self._until("PUT", path, learner, f"{enrolment}-{unit}", None) is not None:
            self.ledger.completed.add((enrolment, unit))

    async def _until(self, method: str, path: str, who: Learner, key: str, body: Any) -> Any:
        """Repeat until acknowledged; None where that never happened."""
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        counted = True
        while time.monotonic() < deadline:
            answer = await self._once(method, path, who, key=key, body=body, counted=counted)
            if answer is not None:
                return answer
            counted = False
            await asyncio.sleep(_PAUSE_SECONDS)
        self.ledger.lost.append(f"{method} {path}")
        return None

    async def _once(
        self, method: str, path: str, who: Learner, *, key: str = "", body: Any = None,
        expect: tuple[str, str] | None = None, counted: bool = True,
    ) -> Any:  # fmt: skip
        """The answer's document, None where it is not what it should be."""
        headers = {"authorization": f"Bearer {who.token}", **({"idempotency-key": key} if key else {})}
        began = time.monotonic()
        document = None
        try:
            async with self._http.request(method, path, json=body, headers=headers) as answer:
                document = await answer.json(content_type=None)
                trouble = _trouble(method, answer.status, document, expect)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            trouble = type(error).__name__
        if counted:
            self.ledger.answers.append(Answer(began, time.monotonic() - began, trouble))
        return None if trouble else document


def _trouble(method: str, status: int, document: Any, expect: tuple[str, str] | None) -> str:
    if status not in (200, 201):
        why = f"{document.get('title')}: {document.get('detail')}" if isinstance(document, dict) else "no document"
        return f"{method} {status} ({why})"
    if expect is not None and document.get(expect[0]) != expect[1]:
        return f"{method}: an answer to something else"
    return ""
