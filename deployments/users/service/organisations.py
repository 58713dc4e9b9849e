"""Organisations: one's own, and all of them for who runs the platform."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.users.errors import LastPlatformAdministrator, OrganisationNotFound, OwnOrganisation
from deployments.users.repository.organisations import OrganisationRepository, OrganisationRow
from deployments.users.repository.people import User, UserRepository
from deployments.users.schemas import NewAdministrator, NewOrganisation, OrganisationChange
from deployments.users.service.accounts import Accounts, Newcomer
from deployments.users.service.common import amended
from deployments.users.service.invitations import InvitationService
from stores.ids import new_id
from stores.sessions import SessionStore

# How many people's sessions are ended at the same time when a whole organisation is suspended.
_REVOKED_AT_ONCE = 20


def publish_organisation(work: Work, type: str, organisation: OrganisationRow) -> None:
    """An event about the tenant of the work."""
    data = {"organisation_id": organisation.id, "status": organisation.status}
    work.publish("user_events", type, subject=organisation.id, key=organisation.id, data=data)


@dataclass(frozen=True, kw_only=True)
class OrganisationService:
    """Tenants. Those that name an `org_id` are for platform administrators: they turn the work to that tenant."""

    accounts: Accounts
    invitations: InvitationService
    sessions: SessionStore

    async def page(self, work: Work, after: UUID | None, limit: int) -> list[OrganisationRow]:
        """All tenants, the oldest first."""
        return await OrganisationRepository(await work.connection()).page(after, limit)

    async def find(self, work: Work, org_id: UUID) -> OrganisationRow:
        """Raises `OrganisationNotFound`."""
        await work.bind(org_id)
        organisation = await OrganisationRepository(await work.connection()).find(org_id)
        if organisation is None:
            raise OrganisationNotFound()
        return organisation

    async def create(self, work: Work, request: NewOrganisation) -> tuple[OrganisationRow, User | None]:
        """A new tenant, and its first administrator where one is made. Raises `SlugTaken`, `Invalid`."""
        administrator = request.administrator
        password_hash = await self._hash(administrator) if administrator else None
        await work.bind(new_id())
        organisation = await OrganisationRepository(await work.connection()).insert(
            id=work.org_id,
            slug=request.slug,
            name=request.name,
            registration=request.registration,
            locale=request.locale,
        )
        publish_organisation(work, "organisation.created.v1", organisation)
        if request.invite is not None:
            await self.invitations.issue(work, organisation, request.invite, "org_admin", None)
        if administrator is None:
            return organisation, None
        return organisation, await self._first_administrator(work, administrator, password_hash)

    async def _hash(self, administrator: NewAdministrator) -> str | None:
        if administrator.password is None:
            return None
        personal = (administrator.email, administrator.first_name, administrator.last_name)
        return await self.accounts.hash(administrator.password, *personal)

    async def _first_administrator(
        self, work: Work, administrator: NewAdministrator, password_hash: str | None
    ) -> User:
        user = await self.accounts.make(
            work,
            "user.created.v1",
            email=administrator.email,
            first_name=administrator.first_name,
            last_name=administrator.last_name,
            role="org_admin",
            password_hash=password_hash,
        )
        if password_hash is None:
            await self.accounts.welcome(work, [Newcomer(user.id, user.email, user.first_name)])
        return user

    async def change(
        self, work: Work, principal: Principal, org_id: UUID, change: OrganisationChange, if_match: str | None
    ) -> OrganisationRow:
        """Raises `OrganisationNotFound`, `PreconditionFailed`, and for a suspension of one's own `OwnOrganisation`, of
        that which has the platform's last administrators `LastPlatformAdministrator`.
        """
        await work.bind(org_id)
        organisations = OrganisationRepository(await work.connection())
        organisation = await organisations.lock(org_id)
        if organisation is None:
            raise OrganisationNotFound()
        check_match(if_match, organisation.revision)
        wanted = amended(organisation, change)
        if wanted == organisation:
            return organisation
        if wanted.status == "suspended" and org_id == principal.org_id:
            raise OwnOrganisation()
        if wanted.status == "suspended" != organisation.status:
            await self._keep_the_platform(work, org_id)
        changed = await organisations.change(wanted)
        publish_organisation(work, "organisation.updated.v1", changed)
        if changed.status != organisation.status:
            await self._switched(work, changed)
        return changed

    @staticmethod
    async def _keep_the_platform(work: Work, org_id: UUID) -> None:
        # Its administrators may suspend each other's organisations at the same moment.
        users = UserRepository(await work.connection())
        if not await users.platform_keeps_administrator(without_organisation=org_id):
            raise LastPlatformAdministrator()

    async def _switched(self, work: Work, organisation: OrganisationRow) -> None:
        suspended = organisation.status == "suspended"
        if suspended:
            await self._end_all_sessions(work)
        type = "organisation.suspended.v1" if suspended else "organisation.reinstated.v1"
        publish_organisation(work, type, organisation)

    async def _end_all_sessions(self, work: Work) -> None:
        people = await UserRepository(await work.connection()).ids()
        for start in range(0, len(people), _REVOKED_AT_ONCE):
            await asyncio.gather(*(self.sessions.revoke_all(id) for id in people[start : start + _REVOKED_AT_ONCE]))
