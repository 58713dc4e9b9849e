"""Questions about tasks, and people's answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "approvals.sql")

Row = Mapping[str, Any]


class ApprovalRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def withdraw(self, task_id: UUID) -> None:
        """Ask no more about a task, and let no earlier answer stand for what it does next."""
        await _queries.withdraw(self._connection, task_id=task_id)

    async def of_task(self, task_id: UUID) -> list[Row]:
        """All that was asked about a task, the oldest first."""
        return [row async for row in _queries.of_task(self._connection, task_id=task_id)]

    async def find(self, approval_id: UUID) -> Row | None:
        """A question, with its task's plan and who teaches the course."""
        row: Row | None = await _queries.find_approval(self._connection, id=approval_id)
        return row

    async def queue(
        self, *, user_id: UUID, role: str, status: str | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Row]:
        """What the person is asked, the oldest first."""
        after_at, after_id = after or (None, None)
        rows = _queries.queue(
            self._connection, user_id=user_id, role=role, status=status, after_at=after_at, after_id=after_id,
            limit=limit,
        )  # fmt: skip
        return [row async for row in rows]

    async def lock_task(self, approval_id: UUID) -> Row | None:
        """The task that a question is about, for a change."""
        row: Row | None = await _queries.lock_task(self._connection, id=approval_id)
        return row

    async def decide(
        self, approval_id: UUID, *, status: str, decided_by: UUID, plan_hash: bytes, reason: str | None
    ) -> Row | None:
        """Answer it, if it is open, about this very plan, and not one's own."""
        row: Row | None = await _queries.decide(
            self._connection, id=approval_id, status=status, decided_by=decided_by, plan_hash=plan_hash, reason=reason
        )
        return row

    async def resume(self, task_id: UUID) -> Row | None:
        """Have the task looked at again."""
        row: Row | None = await _queries.resume(self._connection, task_id=task_id)
        return row

    async def change_plan(self, task_id: UUID, plan: Mapping[str, Any], plan_hash: bytes) -> Row | None:
        """Give it another plan, to be checked."""
        row: Row | None = await _queries.change_plan(self._connection, task_id=task_id, plan=plan, plan_hash=plan_hash)
        return row
