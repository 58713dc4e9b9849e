"""What is held on one person: all of it to read, and all of it to erase."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "privacy.sql")

# The statements that empty or delete, in the order they run.
_ERASED = (
    "reviews",
    "submissions",
    "suggested_grades",
    "appeals",
    "attempts",
    "certificates",
    "invitations",
    "password_resets",
    "agent_tasks",
    "mails",
    "tutoring",
    "predictions",
    "mastery",
    "learning_goals",
    "unit_reviews",
    "advised_paths",
    "learning_days",
    "model_transcripts",
    "model_keys",
    "model_usage",
)


class PrivacyRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def snapshot(self) -> None:
        """Let all that follows see one moment. Must come before any other statement of the transaction."""
        await self._connection.execute("set transaction isolation level repeatable read")

    async def part(self, name: str, user_id: UUID) -> list[dict[str, Any]]:
        """The rows of one part of what is held, under the query of that name."""
        return [dict(row) async for row in getattr(_queries, name)(self._connection, user_id=user_id)]

    async def erase_user(self, user_id: UUID) -> datetime:
        """Empty the person's row; it stays, so that records that count can refer to it. Returns when.

        Waits for figures that are being written, a second or so under load.
        """
        await _queries.hold_figures(self._connection)
        row = await _queries.erase_user(self._connection, user_id=user_id)
        erased_at: datetime = row["erased_at"]
        return erased_at

    async def erase_records(self, user_id: UUID, email: str) -> dict[str, int]:
        """Empty or delete what else names the person or holds their words. The row must be erased before.

        Returns how many of each kind.
        """
        return {
            kind: await getattr(_queries, f"erase_{kind}")(self._connection, user_id=user_id, email=email)
            for kind in _ERASED
        }

    async def erase_idempotency_answers(self, user_id: UUID, email: str) -> int:
        """Delete kept answers of the transaction's tenant that were given to the person or tell of them."""
        count: int = await _queries.erase_idempotency_answers(self._connection, user_id=user_id, email=email)
        return count

    async def drop_enrollments(self, user_id: UUID) -> list[dict[str, Any]]:
        """Give up the seats and the places in waiting lists that the person holds."""
        return [dict(row) async for row in _queries.drop_enrollments(self._connection, user_id=user_id)]

    async def insert_receipt(self, org_id: UUID, user_id: UUID, requested_by: UUID, counts: dict[str, int]) -> UUID:
        row = await _queries.insert_receipt(
            self._connection, id=new_id(), org_id=org_id, user_id=user_id, requested_by=requested_by, summary=counts
        )
        receipt_id: UUID = row["id"]
        return receipt_id
