"""What clients report: whether what it refers to exists, and the outbox it goes to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from stores.events import Topic
from stores.events.envelope import key_hash
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "reports.sql")


class Place(NamedTuple):
    """Where in the teaching something happened: a course, or a unit of one. Ids as texts."""

    course_id: str
    unit_id: str | None


class Entry(NamedTuple):
    """An event as the outbox takes it; `envelope` is JSON."""

    id: UUID
    key: str
    envelope: str


class ReportRepository:
    """Within one organisation."""

    def __init__(self, connection: Connection, org_id: UUID) -> None:
        self._connection = connection
        self._org_id = org_id

    async def places(self, wanted: Collection[Place], user_id: UUID, *, drafts: bool) -> dict[Place, bool]:
        """Those whose course there is, and whether it has the unit. Drafts of others are only there with `drafts`."""
        if not wanted:
            return {}
        listed = list(wanted)
        rows = _queries.pairs(
            self._connection,
            course_ids=[place.course_id for place in listed],
            unit_ids=[place.unit_id for place in listed],
            user_id=user_id,
            drafts=drafts,
        )
        return {listed[row["place"] - 1]: row["has_unit"] async for row in rows}

    async def people(self, wanted: Collection[str]) -> set[str]:
        """Those who are people of the organisation, and not erased. Ids as texts."""
        if not wanted:
            return set()
        return {str(row["id"]) async for row in _queries.people(self._connection, ids=list(wanted))}

    async def append_new(self, topic: Topic, entries: Sequence[Entry]) -> int:
        """Write events to the outbox, in order, passing over those whose id it has; how many were new."""
        return int(
            await _queries.append_new(
                self._connection,
                org_id=self._org_id,
                topic=topic,
                ids=[entry.id for entry in entries],
                keys=[entry.key for entry in entries],
                hashes=[key_hash(entry.key) for entry in entries],
                envelopes=[entry.envelope for entry in entries],
            )
        )
