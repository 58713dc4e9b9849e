"""People."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from deployments.kit.errors import Invalid
from deployments.users.errors import EmailTaken, ExternalIdTaken
from stores.ids import new_id
from stores.postgres import Connection, violations
from stores.queries import load_queries

_queries = load_queries(__file__, "people.sql")

VIOLATIONS: Mapping[str, Callable[[], Exception]] = {
    "users_org_id_email_key": EmailTaken,
    "users_external_id": ExternalIdTaken,
    # Lower case is a matter of Unicode versions, and the database's may be another.
    "users_email_check": lambda: Invalid.field("email", "not_lower_case", "must be in lower case"),
}


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

    @property
    def administers(self) -> bool:
        """Whether the organisation counts on this person as an administrator."""
        return self.role == "org_admin" and self.status == "active"

    @property
    def administers_the_platform(self) -> bool:
        """Whether the whole installation does."""
        return self.role == "platform_admin" and self.status == "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """Which people a list shows; `prefix` is of the e-mail address, the first, last or full name."""

    role: str | None = None
    status: str | None = None
    prefix: str | None = None


class UserRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(
        self,
        *,
        org_id: UUID,
        email: str,
        password_hash: str | None,
        first_name: str,
        last_name: str,
        role: str,
        external_id: str | None = None,
    ) -> User:
        """Raises `EmailTaken`, `ExternalIdTaken`."""
        with violations(VIOLATIONS):
            row = await _queries.insert_user(
                self._connection,
                id=new_id(),
                org_id=org_id,
                email=email,
                password_hash=password_hash,
                first_name=first_name,
                last_name=last_name,
                role=role,
                external_id=external_id,
            )
        return User.from_row(row)

    async def find(self, user_id: UUID) -> User | None:
        row = await _queries.user(self._connection, user_id=user_id)
        return User.from_row(row) if row else None

    async def reachable(self, user_id: UUID, *, taught_by: UUID | None) -> User | None:
        """An active person; where `taught_by` is given, one who learns in a course that this person teaches."""
        row = await _queries.reachable_user(self._connection, user_id=user_id, taught_by=taught_by)
        return User.from_row(row) if row else None

    async def by_email(self, email: str) -> User | None:
        row = await _queries.user_by_email(self._connection, email=email)
        return User.from_row(row) if row else None

    async def lock(self, user_id: UUID) -> User | None:
        """The person, against whom no sign-in can begin until the transaction ends."""
        row = await _queries.locked_user(self._connection, user_id=user_id)
        return User.from_row(row) if row else None

    async def page(self, wanted: PeopleFilter, before: UUID | None, limit: int) -> list[User]:
        """The newest first, older than `before`."""
        rows = _queries.page(
            self._connection,
            role=wanted.role,
            status=wanted.status,
            prefix=wanted.prefix,
            before=before,
            limit=limit,
        )
        return [User.from_row(row) async for row in rows]

    async def change(self, user: User) -> User:
        """Write the profile columns as `user` has them. Raises `EmailTaken`, `ExternalIdTaken`."""
        with violations(VIOLATIONS):
            row = await _queries.change_user(
                self._connection,
                user_id=user.id,
                email=user.email,
                first_name=user.first_name,
                last_name=user.last_name,
                bio=user.bio,
                locale=user.locale,
                timezone=user.timezone,
                external_id=user.external_id,
            )
        return User.from_row(row)

    async def set_role(self, user_id: UUID, role: str) -> User:
        return User.from_row(await _queries.set_role(self._connection, user_id=user_id, role=role))

    async def set_status(self, user_id: UUID, status: str) -> User:
        return User.from_row(await _queries.set_status(self._connection, user_id=user_id, status=status))

    async def set_password(self, user_id: UUID, password_hash: str, *, previous: str | None = None) -> User | None:
        """Replace the hash; None where it is no longer `previous`."""
        row = await _queries.set_password(
            self._connection, user_id=user_id, password_hash=password_hash, previous=previous
        )
        return User.from_row(row) if row else None

    async def active_administrators(self) -> int:
        count: int = await _queries.active_administrators(self._connection)
        return count

    async def platform_keeps_administrator(
        self, *, without_person: UUID | None = None, without_organisation: UUID | None = None
    ) -> bool:
        """Whether an active person of any active organisation administers the platform besides.

        Whoever asks the same waits until this transaction has ended.
        """
        kept: bool = await _queries.platform_keeps_administrator(
            self._connection, without_person=without_person, without_organisation=without_organisation
        )
        return kept

    async def ids(self) -> list[UUID]:
        """Everybody in the organisation."""
        return [row["id"] async for row in _queries.ids(self._connection)]

    async def emails(self) -> set[str]:
        """Everybody's address."""
        return {row["email"] async for row in _queries.emails(self._connection)}

    async def sensitive(self, user_id: UUID) -> bytes | None:
        """The sealed fields."""
        sealed: bytes | None = await _queries.sensitive(self._connection, user_id=user_id)
        return sealed

    async def set_sensitive(self, user_id: UUID, sealed: bytes | None, key_id: str | None) -> User:
        row = await _queries.set_sensitive(self._connection, user_id=user_id, sensitive=sealed, key_id=key_id)
        return User.from_row(row)
