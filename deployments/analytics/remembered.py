"""A course's figures in the replica's own memory, for as long as no aggregator says that they changed.

To read a course and all its units again, and to ask their sketches, is most of what an answer costs, and between two
changes of a course its teachers ask for the same. Figures are kept only if no message, and no outage of the channel,
came between the beginning of their reading and its end; while the channel is down nothing is remembered. A change is
seen as soon as its message arrives, about a millisecond after the commit; where the connection dies without a word,
after the three seconds in which the listener notices.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from deployments.analytics.changes import Changes
from deployments.analytics.repository.courses import OutlinedUnit
from deployments.analytics.schemas import Stage, TotalsView, UnitView
from deployments.kit.lru import BoundedCache

_MAXIMUM_BYTES = 16 * 1024 * 1024
_BYTES, _BYTES_OF_A_UNIT = 6_000, 2_000


@dataclass(frozen=True, slots=True)
class CourseFigures:
    """The whole life of a course, told under an outline: the units of its published version."""

    outline: Sequence[OutlinedUnit]
    totals: TotalsView
    funnel: list[Stage]
    units: list[UnitView]


@dataclass(slots=True, eq=False)
class _Reading:
    course_id: UUID
    is_stale: bool


class RememberedCourses:
    """For one event loop. Whoever asks must have been found to be allowed to: here only the course's id counts."""

    def __init__(self, maximum_bytes: int = _MAXIMUM_BYTES) -> None:
        self._figures: BoundedCache[UUID, CourseFigures] = BoundedCache(maximum_bytes, _weight)
        self._readings: set[_Reading] = set()
        self._is_heard = False

    async def figures(
        self, course_id: UUID, outline: Sequence[OutlinedUnit], read: Callable[[], Awaitable[CourseFigures]]
    ) -> CourseFigures:
        """The course's figures under this outline, from memory or as `read` gives them, which sees every commit there
        was when it is called.
        """
        known = self._figures.get(course_id)
        if known is not None and known.outline == outline:
            return known
        reading = _Reading(course_id, is_stale=not self._is_heard)
        self._readings.add(reading)
        try:
            found = await read()
        finally:
            self._readings.discard(reading)
        if not reading.is_stale:
            self._figures.put(course_id, found)
        return found

    def on_message(self, payload: str) -> None:
        """Take in what an aggregator committed."""
        changes = Changes.read(payload)
        for reading in self._readings:
            reading.is_stale |= changes.concern_course(reading.course_id)
        for course_id in [known for known, _ in self._figures if changes.concern_course(known)]:
            self._figures.discard(course_id)

    def on_state(self, heard: bool) -> None:
        """The channel came up or went down; either way something may have been missed."""
        self._is_heard = heard
        self._figures.clear()
        for reading in self._readings:
            reading.is_stale = True


def _weight(figures: CourseFigures) -> int:
    return _BYTES + _BYTES_OF_A_UNIT * len(figures.units)
