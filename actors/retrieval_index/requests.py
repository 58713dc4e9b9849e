"""Courses whose passages may be out of step: who asks for them to be looked at, and how they are taken up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from stores.event_log.types import Batch
from stores.events.course_events import CourseUpdated
from stores.events.declarations import AboutCourse
from stores.events.reading import Recorded
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)

CONSUMER = "retrieval"
_MOVES = {"course.published.v1", "course.archived.v1"}


@dataclass(frozen=True, slots=True)
class Request:
    """A course to look at; `attempts` counts this one."""

    course_id: UUID
    requested_at: datetime
    attempts: int


class RetrievalHandler:
    """What the consumer "retrieval" does with events: has courses looked at. A `stores.event_log.types.Handler`.

    What there is to do is read off the courses themselves, so a request says no more than which course. A draft that is
    deleted was never published, and needs nothing.
    """

    consumer = CONSUMER
    topics = frozenset({"course_events"})

    async def handle(self, connection: Connection, batches: Sequence[Batch]) -> None:
        """See `Handler.handle`."""
        if ids := _courses(event for batch in batches for event in batch.events):
            await _queries.request(connection, ids=sorted(ids))

    def forget(self, partitions: Collection[int]) -> None:
        """See `Handler.forget`. Nothing is remembered."""


def _courses(events: Iterable[Recorded]) -> set[UUID]:
    return {event.data.course_id for event in events if isinstance(event.data, AboutCourse) and _matters(event)}


def _matters(event: Recorded) -> bool:
    if isinstance(event.data, CourseUpdated):
        return "language" in event.data.changed  # words are stemmed by it
    return event.type in _MOVES


async def take(connection: Connection) -> Request | None:
    """The next course, put off in case it comes to nothing."""
    row = await _queries.take(connection)
    return Request(row["course_id"], row["requested_at"], row["attempts"]) if row else None


async def done(connection: Connection, request: Request) -> None:
    """The course is in step, unless it was asked for again meanwhile."""
    await _queries.done(connection, course_id=request.course_id, requested_at=request.requested_at)


async def request_differing(connection: Connection, recipe: int) -> int:
    """Ask for all courses whose index is not what it should be. Returns how many."""
    count: int = await _queries.request_differing(connection, recipe=recipe)
    return count
