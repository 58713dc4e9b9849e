"""Inviting people by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from configs.rates import Rate
from deployments.kit.passwords import check_policy
from deployments.kit.principal import Principal
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.users.errors import (
    EmailTaken,
    InvitationNotFound,
    LinkInvalid,
    OrganisationNotFound,
    RegistrationClosed,
)
from deployments.users.letters import Letters
from deployments.users.links import LinkToken
from deployments.users.repository.links import InvitationRepository, InvitationRow, MailRepository
from deployments.users.repository.organisations import OrganisationRepository, OrganisationRow
from deployments.users.repository.people import User, UserRepository
from deployments.users.schemas import InvitationAcceptance, NewInvitation
from deployments.users.service.accounts import Accounts
from deployments.users.service.common import admit


@dataclass(frozen=True, kw_only=True)
class InvitationService:
    """Invitations: each works once, and there is one at a time for an address."""

    accounts: Accounts
    letters: Letters
    lifetime: timedelta
    limiter: RateLimiter
    credentials_rate: Rate

    async def invite(self, work: Work, principal: Principal, request: NewInvitation) -> InvitationRow:
        """Mail a link to an address. Raises `RegistrationClosed`, `EmailTaken`."""
        connection = await work.connection()
        organisation = await OrganisationRepository(connection).find(work.org_id)
        if organisation is None:
            raise OrganisationNotFound()
        if organisation.registration == "closed":
            raise RegistrationClosed()
        if await UserRepository(connection).by_email(request.email):
            raise EmailTaken()
        return await self.issue(work, organisation, request.email, request.role, principal.user_id)

    async def issue(
        self, work: Work, organisation: OrganisationRow, email: str, role: str, invited_by: UUID | None
    ) -> InvitationRow:
        """Write the invitation and its mail; `invited_by` is a person of the organisation, or None."""
        connection = await work.connection()
        token = LinkToken.create(organisation.id)
        invitation = await InvitationRepository(connection).invite(
            token=token, email=email, role=role, invited_by=invited_by, expires_at=datetime.now(UTC) + self.lifetime
        )
        letter = self.letters.invitation(email, organisation.name, role, token, invitation.expires_at)
        await MailRepository(connection).post([letter])
        self._publish(work, "invitation.created.v1", invitation)
        return invitation

    async def page(self, work: Work, before: UUID | None, limit: int) -> list[InvitationRow]:
        """The newest first."""
        return await InvitationRepository(await work.connection()).page(before, limit)

    async def revoke(self, work: Work, invitation_id: UUID) -> None:
        """Make an open invitation's link worthless. Raises `InvitationNotFound` where it is not open."""
        invitation = await InvitationRepository(await work.connection()).revoke(invitation_id)
        if invitation is None:
            raise InvitationNotFound()
        self._publish(work, "invitation.revoked.v1", invitation)

    async def accept(self, work: Work, request: InvitationAcceptance, address: str) -> User:
        """Make the invited account. Raises `LinkInvalid`, `RegistrationClosed`, `EmailTaken`, `Invalid`."""
        await admit(self.limiter, f"credentials:{address}", self.credentials_rate)
        password_hash = await self.accounts.hash(request.password, request.first_name, request.last_name)
        token = LinkToken.parse(request.token)
        if token is None:
            raise LinkInvalid()
        await work.bind(token.org_id)
        connection = await work.connection()
        organisation = await OrganisationRepository(connection).find(token.org_id)
        invitation = await InvitationRepository(connection).accept(token)
        if invitation is None or organisation is None or organisation.status != "active":
            raise LinkInvalid()
        if organisation.registration == "closed":
            raise RegistrationClosed()
        check_policy(request.password, personal=(invitation.email,))
        user = await self.accounts.make(
            work,
            "user.invited.v1",
            email=invitation.email,
            first_name=request.first_name,
            last_name=request.last_name,
            role=invitation.role,
            password_hash=password_hash,
        )
        self._publish(work, "invitation.accepted.v1", invitation)
        return user

    @staticmethod
    def _publish(work: Work, type: str, invitation: InvitationRow) -> None:
        data = {"invitation_id": invitation.id, "role": invitation.role}
        work.publish("user_events", type, subject=invitation.id, key=invitation.id, data=data)
