"""What the planner must be told where the log is read."""

from __future__ import annotations

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "planning.sql")


async def walk_the_index(connection: Connection) -> None:
    """Have the rest of the transaction read the outbox along its index.

    With a backlog the planner would otherwise fetch a whole share and sort it to return the first few rows.
    """
    await _queries.walk_the_index(connection)
