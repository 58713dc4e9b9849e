"""What the stream reads: a watched scope's document, with how far the log was, in one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, Self
from uuid import UUID

from pydantic import BaseModel

from actors.analytics_aggregator.figures import PLATFORM
from deployments.analytics import documents
from deployments.analytics.cells import Subject
from deployments.analytics.metrics import ACTIVE_LEARNERS
from deployments.analytics.repository.cells import CellRepository, Versions
from deployments.analytics.repository.courses import Course, CourseRepository
from deployments.analytics.repository.learners import LearnerRepository, Life
from deployments.analytics.stream.wire import Cursor
from deployments.analytics.windows import Granularity, Range
from stores.postgres import Connection, Database

Kind = Literal["platform", "organisation", "course", "learner", "person"]


class Watched(NamedTuple):
    """What a client watches. A `learner` is named by a pseudonym, a `person` is oneself."""

    org_id: UUID
    kind: Kind
    id: UUID

    @classmethod
    def platform(cls) -> Self:
        """All organisations together."""
        return cls(PLATFORM, "platform", PLATFORM)


@dataclass(frozen=True, slots=True)
class Reading:
    """A document, where in the log it stands, and when each partition last touched it."""

    cursor: Cursor
    touched: Mapping[int, int]
    document: Mapping[str, Any]
    course: Course | None = None


def today() -> Range:
    """The UTC day that it is."""
    start = Granularity.DAY.floor(datetime.now(UTC))
    return Range(start, start + timedelta(days=1), Granularity.DAY)


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Reads for the hub."""

    database: Database
    minimum_group: int

    async def versions(self) -> Versions:
        """How far the figures are. Raises `StoreUnavailable`."""
        async with self.database.transaction(None, readonly=True) as connection:
            return await CellRepository(connection).versions()

    async def read(self, watched: Watched) -> Reading | None:
        """The scope as it is; None where it is there no more. Raises `StoreUnavailable`."""
        day = today()
        async with self.database.transaction(watched.org_id, readonly=True, plan_anew=True) as connection:
            cells = CellRepository(connection)
            await cells.begin_snapshot()
            versions = await cells.versions()
            cursor = Cursor(versions.generation, day.start.date(), versions.by_partition)
            if watched.kind in ("learner", "person"):
                return await self._learner(connection, watched, day, cursor)
            return await self._scope(connection, watched, day, cursor)

    async def _scope(self, connection: Connection, watched: Watched, day: Range, cursor: Cursor) -> Reading | None:
        course = None
        if watched.kind == "course":
            course = await CourseRepository(connection).find(watched.id)
            if course is None:
                return None
        subject = _subject(watched)
        cells = CellRepository(connection)
        cell, touched = await cells.totals(subject)
        windows = await cells.windows(subject, day, ACTIVE_LEARNERS.columns)
        document = {
            "scope": watched.kind,
            "id": None if watched.kind == "platform" else str(watched.id),
            "totals": _plain(documents.totals(cell, self.minimum_group)),
            "today": _plain(documents.range_view(windows.values(), day, self.minimum_group)),
        }
        return Reading(cursor, touched, document, course)

    async def _learner(self, connection: Connection, watched: Watched, day: Range, cursor: Cursor) -> Reading | None:
        repository = LearnerRepository(connection, watched.org_id)
        pseudonym: UUID | None = watched.id
        if watched.kind == "person":
            pseudonym = await repository.pseudonym_of(watched.id)
        elif not await repository.known(watched.id):
            return None
        if pseudonym is None:
            return Reading(cursor, {}, _learner_document(None, Life.empty(), Life.empty()))
        whole, now = await repository.life(pseudonym), await repository.life(pseudonym, day)
        return Reading(cursor, await repository.versions(pseudonym), _learner_document(pseudonym, whole, now))


def _learner_document(pseudonym: UUID | None, whole: Life, now: Life) -> dict[str, Any]:
    return {
        "scope": "learner",
        "id": None if pseudonym is None else str(pseudonym),
        "totals": _plain(documents.learner(pseudonym, whole)),
        "today": _plain(documents.learner(pseudonym, now)),
    }


def _subject(watched: Watched) -> Subject:
    if watched.kind == "platform":
        return Subject.platform()
    if watched.kind == "organisation":
        return Subject.organisation(watched.org_id)
    return Subject.course(watched.org_id, watched.id)


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)
