"""Accounts as the sessions service sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What signing in needs to know of a person."""

    id: UUID
    password_hash: str | None
    role: str
    active: bool
    registered_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            id=row["id"],
            password_hash=row["password_hash"],
            role=row["role"],
            active=row["status"] == "active",
            registered_at=row["created_at"],
        )


class AccountRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_address(self, organisation: str, email: str) -> tuple[UUID, Account] | None:
        """The active organisation with this slug, and who has the address in it. Needs no tenant."""
        row = await _queries.account_by_address(self._connection, organisation=organisation, email=email)
        return (row["org_id"], Account.from_row(row)) if row else None

    async def organisation(self, slug: str) -> UUID | None:
        """The id of the organisation with this slug. Needs no tenant."""
        found: UUID | None = await _queries.organisation_by_slug(self._connection, slug=slug)
        return found

    async def organisation_active(self, org_id: UUID) -> bool:
        return bool(await _queries.organisation_status(self._connection, org_id=org_id) == "active")

    async def lock(self, user_id: UUID) -> Account | None:
        """The account, its row share-locked until the transaction ends."""
        row = await _queries.locked_account(self._connection, user_id=user_id)
        return Account.from_row(row) if row else None

    async def find(self, user_id: UUID) -> Account | None:
        row = await _queries.account(self._connection, user_id=user_id)
        return Account.from_row(row) if row else None

    async def upgrade_hash(self, user_id: UUID, previous: str, password_hash: str) -> None:
        """Replace a hash, unless the password was changed meanwhile."""
        await _queries.upgrade_hash(self._connection, user_id=user_id, previous=previous, password_hash=password_hash)
