"""Conversations that are kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "transcripts.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTranscript:
    """A conversation to keep; `sealed` is for its id."""

    id: UUID
    user_id: UUID | None
    key_id: UUID | None
    model: str
    sealed: bytes
    created_at: datetime
    expires_at: datetime


class TranscriptRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(self, transcript: NewTranscript) -> None:
        """Keep it, unless the person is no more."""
        values = asdict(transcript)
        if transcript.user_id is None:
            del values["user_id"]
            await _queries.insert_of_key(self._connection, **values)
        else:
            await _queries.insert_of_person(self._connection, **values)

    async def page(self, user_id: UUID | None, after: UUID | None, limit: int) -> list[NewTranscript]:
        """The newest first; of one person where `user_id` names one."""
        rows = _queries.page(self._connection, user_id=user_id, after=after, limit=limit)
        return [NewTranscript(**row) async for row in rows]

    async def delete(self, transcript_id: UUID, user_id: UUID | None) -> bool:
        """Whether there was one, of the person where `user_id` names one."""
        return bool(await _queries.delete(self._connection, id=transcript_id, user_id=user_id))
