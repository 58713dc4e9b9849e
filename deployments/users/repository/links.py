"""Invitations, password resets, and the mails that carry their links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from deployments.users.letters import Letter
from deployments.users.links import LinkToken
from deployments.users.repository.batches import batches
from stores.ids import new_id
from stores.postgres import Connection
from stores.queries import load_queries

_queries = load_queries(__file__, "links.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """One row of `invitations`."""

    id: UUID
    email: str
    role: str
    invited_by: UUID | None
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{name: row[name] for name in cls.__slots__})

    @property
    def status(self) -> str:
        """open, accepted, revoked or expired."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "open" if self.expires_at > datetime.now(UTC) else "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A link with which a person sets a password."""

    user_id: UUID
    token: LinkToken
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAccount:
    """An active account whose password somebody asked to reset."""

    org_id: UUID
    id: UUID
    email: str
    first_name: str
    organisation: str


class InvitationRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def invite(
        self, *, token: LinkToken, email: str, role: str, invited_by: UUID | None, expires_at: datetime
    ) -> InvitationRow:
        """A new invitation, or the open one of the same address with another link, role and end."""
        row = await _queries.invite(
            self._connection,
            id=new_id(),
            org_id=token.org_id,
            email=email,
            role=role,
            token_hash=token.digest,
            invited_by=invited_by,
            expires_at=expires_at,
        )
        return InvitationRow.from_row(row)

    async def page(self, before: UUID | None, limit: int) -> list[InvitationRow]:
        """The newest first, older than `before`."""
        rows = _queries.invitations(self._connection, before=before, limit=limit)
        return [InvitationRow.from_row(row) async for row in rows]

    async def revoke(self, invitation_id: UUID) -> InvitationRow | None:
        """The invitation; None where it is not open."""
        row = await _queries.revoke_invitation(self._connection, invitation_id=invitation_id)
        return InvitationRow.from_row(row) if row else None

    async def accept(self, token: LinkToken) -> InvitationRow | None:
        """Use the link up. None where it is unknown, used, revoked or expired."""
        row = await _queries.accept_invitation(self._connection, token_hash=token.digest)
        return InvitationRow.from_row(row) if row else None


class ResetRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(self, resets: Sequence[Reset]) -> None:
        for batch in batches(resets):
            await _queries.insert_resets(
                self._connection,
                ids=[new_id() for _ in batch],
                org_ids=[reset.token.org_id for reset in batch],
                user_ids=[reset.user_id for reset in batch],
                token_hashes=[reset.token.digest for reset in batch],
                expiries=[reset.expires_at for reset in batch],
            )

    async def use(self, token: LinkToken) -> UUID | None:
        """Use the link up: whose it was. None where it is unknown, used or expired."""
        user_id: UUID | None = await _queries.use_reset(self._connection, token_hash=token.digest)
        return user_id

    async def void(self, user_id: UUID) -> None:
        """Make all of a person's links worthless."""
        await _queries.void_resets(self._connection, user_id=user_id)

    async def request(self, org_id: UUID, email: str) -> None:
        """Note that somebody asked, whether or not the address has an account."""
        await _queries.request_reset(self._connection, id=new_id(), org_id=org_id, email=email)

    async def claim_requests(self, limit: int) -> list[tuple[UUID, str]]:
        """Take requests out: organisation and address. Passes those that another taker holds."""
        rows = _queries.claim_requests(self._connection, limit=limit)
        return [(row["org_id"], row["email"]) async for row in rows]

    async def accounts_of(self, requests: Sequence[tuple[UUID, str]]) -> list[RequestedAccount]:
        """Those of the requested accounts that exist and are active. For a connection that sees all tenants."""
        rows = _queries.accounts_of_requests(
            self._connection, org_ids=[org_id for org_id, _ in requests], emails=[email for _, email in requests]
        )
        return [RequestedAccount(**row) async for row in rows]


class MailRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def post(self, letters: Sequence[Letter]) -> None:
        """Leave mails for housekeeping to deliver once the transaction has committed."""
        for batch in batches(letters):
            await _queries.insert_mails(
                self._connection,
                ids=[new_id() for _ in batch],
                org_ids=[letter.org_id for letter in batch],
                recipients=[letter.recipient for letter in batch],
                subjects=[letter.subject for letter in batch],
                bodies=[letter.body for letter in batch],
            )
