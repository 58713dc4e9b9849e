"""Figures in memory: aggregators commit, messages arrive later, and readers come at any time."""

from __future__ import annotations

import asyncio
from uuid import UUID

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deployments.analytics.cells import Cell
from deployments.analytics.documents import totals
from deployments.analytics.remembered import CourseFigures, RememberedCourses
from deployments.analytics.repository.courses import OutlinedUnit

COURSES = [UUID(int=number) for number in (1, 2)]
OUTLINES = [[OutlinedUnit(UUID(int=9), "Cells", "text")], []]


def figures(enrollments: int, outline: list[OutlinedUnit]) -> CourseFigures:
    return CourseFigures(outline, totals(Cell({"enrollments": enrollments}), 1), [], [])


def told(found: CourseFigures) -> int:
    return int(found.totals.model_dump()["figures"]["enrollments"])


class Replica(RuleBasedStateMachine):
    """Commits reach the channel in order; a reading takes a while, in which anything may happen."""

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.memory = RememberedCourses()
        self.stored = dict.fromkeys(COURSES, 0)
        self.channel: list[str] = []
        self.heard = False
        self.reads = 0

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    @rule(course=st.sampled_from(COURSES), names=st.sampled_from(["one", "all", "garbled"]))
    def commit(self, course: UUID, names: str) -> None:
        self.stored[course] += 1
        scopes = "*" if names == "all" else [f"c:{course.hex}", "o:0"]
        message = "{" if names == "garbled" else orjson.dumps({"versions": {}, "scopes": scopes}).decode()
        if self.heard:
            self.channel.append(message)

    @rule()
    def hear(self) -> None:
        if self.channel:
            self.memory.on_message(self.channel.pop(0))

    @rule(heard=st.booleans())
    def change_state(self, heard: bool) -> None:
        self.channel.clear()
        self.heard = heard
        self.memory.on_state(heard)

    def look(self, course: UUID, outline: list[OutlinedUnit], *, commits: int = 0, hears: bool = False) -> int:
        async def read() -> CourseFigures:
            self.reads += 1
            seen = self.stored[course]
            for _ in range(commits):
                self.commit(course, "one")
            while hears and self.channel:
                self.hear()
            return figures(seen, outline)

        return told(self.loop.run_until_complete(self.memory.figures(course, outline, read)))

    @rule(
        course=st.sampled_from(COURSES),
        outline=st.sampled_from(OUTLINES),
        commits=st.integers(0, 1),
        hears=st.booleans(),
    )
    def read(self, course: UUID, outline: list[OutlinedUnit], commits: int, hears: bool) -> None:
        before = self.stored[course]
        found = self.look(course, outline, commits=commits, hears=hears)
        assert found <= before
        if not self.heard:
            assert found == before, "nothing is remembered unheard"

    @invariant()
    def whoever_has_heard_everything_knows_everything(self) -> None:
        if hasattr(self, "memory") and not self.channel:
            for course in COURSES:
                for outline in OUTLINES:
                    assert self.look(course, outline) == self.stored[course]


TestReplica = Replica.TestCase
TestReplica.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


async def test_what_has_not_changed_is_read_once() -> None:
    memory = RememberedCourses()
    memory.on_state(True)
    reads = 0

    async def read() -> CourseFigures:
        nonlocal reads
        reads += 1
        return figures(reads, OUTLINES[0])

    for _ in range(3):
        assert told(await memory.figures(COURSES[0], OUTLINES[0], read)) == 1
    memory.on_message(orjson.dumps({"scopes": [f"c:{COURSES[1].hex}"]}).decode())
    assert told(await memory.figures(COURSES[0], OUTLINES[0], read)) == 1
    memory.on_message(orjson.dumps({"scopes": [f"c:{COURSES[0].hex}"]}).decode())
    assert told(await memory.figures(COURSES[0], OUTLINES[0], read)) == 2
