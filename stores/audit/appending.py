"""Writing entries in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Sequence

from stores.audit.entries import Entry
from stores.postgres import Connection

_APPEND = """
insert into audit_pending (org_id, body)
select e.org_id, e.body from unnest($1::uuid[], $2::text[]) with ordinality as e (org_id, body, place) order by e.place
"""


async def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries, in order, inside the caller's transaction. They are chained within a second of its commit."""
    if entries:
        await connection.execute(_APPEND, [entry.org_id for entry in entries], [entry.body() for entry in entries])
