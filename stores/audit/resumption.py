"""Going on with a chain that does not hold, such as after a backup was restored."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from stores.audit.appending import append
from stores.audit.chain import GENESIS
from stores.audit.entries import Entry
from stores.audit.heads import Head, HeadKeys
from stores.postgres import translated
from stores.queries import load_queries

_queries = load_queries(__file__)


async def accept(owner_url: str, keys: HeadKeys, org_id: UUID, reason: str, problems: int) -> Head:
    """Sign the last entry there is as the chain's end, and write an entry that says so. Returns the end.

    `owner_url` is a login that owns the tables: the application's roles cannot do this. Entries keep their hashes, so
    whatever was wrong before is still found. Raises `StoreUnavailable`, `SealBroken`.
    """
    with translated():
        connection = await asyncpg.connect(owner_url)
        try:
            async with connection.transaction():
                row = await connection.fetchrow(
                    "select number, hash from audit_log where org_id = $1 order by number desc limit 1", org_id
                )
                head = Head(org_id, row["number"], row["hash"]) if row else Head(org_id, 0, GENESIS)
                token = await keys.sign(head)
                await _queries.accept(connection, org_id=org_id, number=head.number, hash=head.hash, token=token)
                details = {"reason": reason, "problems": problems, "from_number": head.number}
                entry = Entry(org_id=org_id, action="audit.accepted", source="command-line", details=details)
                await append(connection, [entry])  # type: ignore[arg-type]  # not of a pool
        finally:
            await connection.close()
    return head
