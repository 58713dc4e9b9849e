"""Tasks, as people ask for them and look at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from stores.postgres import Connection, Database
from stores.queries import load_queries

_queries = load_queries(__file__, "tasks.sql")

Row = Mapping[str, Any]


class TaskRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(self, **fields: Any) -> Row:
        """A new task, with the first line of its journal."""
        row: Row = await _queries.insert_task(self._connection, **fields)
        await self.note(row["id"], "task.created", {"kind": row["kind"]})
        return row

    async def note(self, task_id: UUID, type: str, data: Mapping[str, Any]) -> None:
        """A line in the journal, after a statement that has raised the task's number by one."""
        await _queries.note(self._connection, id=task_id, type=type, data=data)

    async def open_tasks(self, user_id: UUID) -> int:
        """How many of the person's tasks have not ended."""
        count: int = await _queries.open_tasks(self._connection, user_id=user_id)
        return count

    async def find(self, task_id: UUID, user_id: UUID | None) -> Row | None:
        """The task, if it is this person's (anybody's, where it is None)."""
        row: Row | None = await _queries.find_task(self._connection, id=task_id, user_id=user_id)
        return row

    async def page(
        self, *, user_id: UUID | None, status: str | None, kind: str | None, before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Row]:  # fmt: skip
        """The newest first."""
        before_at, before_id = before or (None, None)
        rows = _queries.list_tasks(
            self._connection, user_id=user_id, status=status, kind=kind, before_at=before_at, before_id=before_id,
            limit=limit,
        )  # fmt: skip
        return [row async for row in rows]

    async def steps(self, task_id: UUID) -> list[Row]:
        """In order."""
        return [row async for row in _queries.steps(self._connection, task_id=task_id)]

    async def journal(self, task_id: UUID, after: int, limit: int) -> list[Row]:
        """The lines after a number."""
        return [row async for row in _queries.journal(self._connection, task_id=task_id, after=after, limit=limit)]

    async def progress(self, task_id: UUID) -> tuple[int, bool] | None:
        """The number of the newest line, and whether it is the last."""
        row = await _queries.progress(self._connection, id=task_id)
        return (row["seq"], row["ended"]) if row else None

    async def lock(self, task_id: UUID, user_id: UUID | None) -> Row | None:
        """The same as `find`, for a change."""
        row: Row | None = await _queries.lock_task(self._connection, id=task_id, user_id=user_id)
        return row

    async def cancel(self, task_id: UUID) -> Row | None:
        """End it, if it has not ended."""
        row: Row | None = await _queries.cancel_task(self._connection, id=task_id)
        return row

    async def retry(self, task_id: UUID, delegation_id: UUID, deadline: datetime) -> Row | None:
        """Have it tried once more, if it failed or was cancelled."""
        row: Row | None = await _queries.retry_task(
            self._connection, id=task_id, delegation_id=delegation_id, deadline=deadline
        )
        return row

    async def delegation(self, user_id: UUID) -> UUID | None:
        """The session that the person's tasks act under; it may have ended."""
        found: UUID | None = await _queries.delegation(self._connection, user_id=user_id)
        return found

    async def keep_delegation(self, org_id: UUID, user_id: UUID, session_id: UUID) -> None:
        await _queries.keep_delegation(self._connection, org_id=org_id, user_id=user_id, session_id=session_id)

    async def lock_account(self, user_id: UUID) -> bool:
        """Whether the person is active; until the transaction ends that stays so."""
        return bool(await _queries.lock_account(self._connection, user_id=user_id))


async def hint(database: Database, channel: str, payload: str) -> None:
    """Tell whoever listens. May be lost: everybody also looks from time to time."""
    async with database.single_statements() as connection:
        await _queries.hint(connection, channel=channel, payload=payload)
