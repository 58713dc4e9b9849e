"""Organisations, the tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from deployments.users.errors import SlugTaken
from stores.postgres import Connection, violations
from stores.queries import load_queries

_queries = load_queries(__file__, "organisations.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRow:
    """One row of `organisations`."""

    id: UUID
    slug: str
    name: str
    registration: str
    status: str
    locale: str
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorplate:
    """What is visible of an organisation without being in it."""

    id: UUID
    slug: str
    name: str
    registration: str
    active: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(
            id=row["id"],
            slug=row["slug"],
            name=row["name"],
            registration=row["registration"],
            active=row["status"] == "active",
        )


class OrganisationRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_slug(self, slug: str) -> Doorplate | None:
        """Visible without a tenant."""
        row = await _queries.by_slug(self._connection, slug=slug)
        return Doorplate.from_row(row) if row else None

    async def enter(self, slug: str) -> Doorplate | None:
        """The same; the organisation is the transaction's tenant from here on."""
        row = await _queries.enter(self._connection, slug=slug)
        return Doorplate.from_row(row) if row else None

    async def find(self, org_id: UUID) -> OrganisationRow | None:
        """The organisation, if it is the tenant of the transaction."""
        row = await _queries.organisation(self._connection, org_id=org_id)
        return OrganisationRow.from_row(row) if row else None

    async def lock(self, org_id: UUID) -> OrganisationRow | None:
        """The same, locked against others who lock it."""
        row = await _queries.locked_organisation(self._connection, org_id=org_id)
        return OrganisationRow.from_row(row) if row else None

    async def page(self, after: UUID | None, limit: int) -> list[OrganisationRow]:
        """All tenants, the oldest first; for platform administrators."""
        rows = _queries.page(self._connection, after=after, limit=limit)
        return [OrganisationRow.from_row(row) async for row in rows]

    async def insert(self, *, id: UUID, slug: str, name: str, registration: str, locale: str) -> OrganisationRow:
        """Raises `SlugTaken`."""
        with violations({"organisations_slug_key": SlugTaken}):
            row = await _queries.insert_organisation(
                self._connection, id=id, slug=slug, name=name, registration=registration, locale=locale
            )
        return OrganisationRow.from_row(row)

    async def change(self, organisation: OrganisationRow) -> OrganisationRow:
        """Write the columns that can change as `organisation` has them."""
        row = await _queries.change_organisation(
            self._connection,
            org_id=organisation.id,
            name=organisation.name,
            registration=organisation.registration,
            locale=organisation.locale,
            status=organisation.status,
        )
        return OrganisationRow.from_row(row)
