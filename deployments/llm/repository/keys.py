"""Keys of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "keys.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """What is compared when somebody presents a key."""

    id: UUID
    org_id: UUID
    digest: bytes
    scopes: frozenset[str]
    feature: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key as its organisation sees it."""

    id: UUID
    name: str
    scopes: list[str]
    feature: str
    created_by: UUID
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


async def find_key(connection: Connection, key_id: UUID) -> KnownKey | None:
    """The key of any organisation; None where there is none, it was revoked, or the organisation is suspended."""
    row: Any = await _queries.find_key(connection, id=key_id)
    return None if row is None else KnownKey(**{**row, "scopes": frozenset(row["scopes"])})


class KeyRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(
        self,
        *,
        id: UUID,
        name: str,
        digest: bytes,
        scopes: Sequence[str],
        feature: str,
        created_by: UUID,
        expires_at: datetime | None,
    ) -> StoredKey:
        row = await _queries.insert(
            self._connection, id=id, name=name, digest=digest, scopes=list(scopes), feature=feature,
            created_by=created_by, expires_at=expires_at,
        )  # fmt: skip
        return StoredKey(**row)

    async def page(self, after: UUID | None, limit: int) -> list[StoredKey]:
        """The newest first."""
        return [StoredKey(**row) async for row in _queries.page(self._connection, after=after, limit=limit)]

    async def revoke(self, key_id: UUID) -> StoredKey | None:
        """The key, which ends now where it has not ended before; None where there is none."""
        row = await _queries.revoke(self._connection, id=key_id)
        return None if row is None else StoredKey(**row)
