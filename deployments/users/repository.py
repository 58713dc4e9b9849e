"""People and organisations in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from deployments.users.errors import EmailTaken
from stores.ids import new_id
from stores.postgres import Connection, violations
from stores.queries import load_queries

_queries = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One row of `users`, without its sealed column."""

    id: UUID
    org_id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    status: str
    bio: str
    locale: str
    timezone: str
    external_id: str | None
    password_hash: str | None
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


class UserRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def organisation_by_slug(self, slug: str) -> Mapping[str, Any] | None:
        """id, slug, name, registration and status; visible without a tenant."""
        row: Mapping[str, Any] | None = await _queries.organisation_by_slug(self._connection, slug=slug)
        return row

    async def insert(
        self, *, org_id: UUID, email: str, password_hash: str | None, first_name: str, last_name: str, role: str
    ) -> User:
        """Raises `EmailTaken`."""
        with violations({"users_org_id_email_key": EmailTaken}):
            row = await _queries.insert_user(
                self._connection,
                id=new_id(),
                org_id=org_id,
                email=email,
                password_hash=password_hash,
                first_name=first_name,
                last_name=last_name,
                role=role,
            )
        return User.from_row(row)

    async def find(self, user_id: UUID) -> User | None:
        row = await _queries.user(self._connection, user_id=user_id)
        return User.from_row(row) if row else None
