"""People, as administrators deal with them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from deployments.kit.errors import PersonNotFound
from deployments.kit.etags import check_match
from deployments.kit.principal import Principal
from deployments.kit.work import Work
from deployments.users.letters import Letters
from deployments.users.repository.links import MailRepository, ResetRepository
from deployments.users.repository.people import PeopleFilter, User, UserRepository
from deployments.users.roles import require_act_on, require_grant
from deployments.users.schemas import NewPerson, PersonChange
from deployments.users.service.accounts import Accounts, Newcomer
from deployments.users.service.common import amended, end_sessions, keep_an_administrator, lock_person, publish
from stores.sessions import SessionStore


@dataclass(frozen=True, kw_only=True)
class PeopleService:
    """The people of the caller's organisation."""

    accounts: Accounts
    sessions: SessionStore
    letters: Letters

    async def page(self, work: Work, wanted: PeopleFilter, before: UUID | None, limit: int) -> list[User]:
        """The newest first."""
        return await UserRepository(await work.connection()).page(wanted, before, limit)

    async def find(self, work: Work, user_id: UUID) -> User:
        """Raises `PersonNotFound`."""
        user = await UserRepository(await work.connection()).find(user_id)
        if user is None:
            raise PersonNotFound()
        return user

    async def create(self, work: Work, principal: Principal, request: NewPerson) -> User:
        """Make an account; without a password the person is mailed a link to set one.

        Raises `RoleNotYours`, `EmailTaken`, `ExternalIdTaken`, `Invalid`.
        """
        require_grant(principal.role, request.role)
        password_hash = None
        if request.password is not None:
            password_hash = await self.accounts.hash(
                request.password, request.email, request.first_name, request.last_name
            )
        user = await self.accounts.make(
            work,
            "user.created.v1",
            email=request.email,
            first_name=request.first_name,
            last_name=request.last_name,
            role=request.role,
            password_hash=password_hash,
            external_id=request.external_id,
        )
        if password_hash is None:
            await self.accounts.welcome(work, [Newcomer(user.id, user.email, user.first_name)])
        return user

    async def change(
        self, work: Work, principal: Principal, user_id: UUID, change: PersonChange, if_match: str | None
    ) -> User:
        """Raises `PersonNotFound`, `RoleNotYours`, `PreconditionFailed`, `EmailTaken`, `ExternalIdTaken`."""
        users = UserRepository(await work.connection())
        user = await users.lock(user_id)
        if user is None:
            raise PersonNotFound()
        require_act_on(principal.role, user.role)
        check_match(if_match, user.revision)
        wanted = amended(user, change, nullable=frozenset({"external_id"}))
        if wanted == user:
            return user
        changed = await users.change(wanted)
        if changed.email != user.email:
            await self._moved(work, user)
        publish(work, "user.updated.v1", user.id)
        return changed

    async def _moved(self, work: Work, previous: User) -> None:
        # Links mailed to the previous address must not open the account any more; its owner hears of the change.
        connection = await work.connection()
        await ResetRepository(connection).void(previous.id)
        letter = self.letters.address_changed(previous.org_id, previous.email, previous.first_name)
        await MailRepository(connection).post([letter])

    async def set_role(self, work: Work, principal: Principal, user_id: UUID, role: str, if_match: str | None) -> User:
        """Give a person another role and end their sessions, for their tokens carry the old one.

        Raises `PersonNotFound`, `RoleNotYours`, `PreconditionFailed`, and what `keep_an_administrator` raises.
        """
        require_grant(principal.role, role)
        user = await lock_person(work, principal, user_id)
        check_match(if_match, user.revision)
        if role == user.role:
            return user
        await keep_an_administrator(work, user)
        changed = await UserRepository(await work.connection()).set_role(user.id, role)
        await end_sessions(work, self.sessions, user.id)
        publish(work, "user.role_changed.v1", user.id, role=role, previous_role=user.role)
        return changed

    async def deactivate(self, work: Work, principal: Principal, user_id: UUID) -> User:
        """Keep a person from signing in; end their sessions.

        Raises `PersonNotFound`, `RoleNotYours`, and what `keep_an_administrator` raises.
        """
        user = await lock_person(work, principal, user_id)
        if user.status == "deactivated":
            return user
        await keep_an_administrator(work, user)
        changed = await UserRepository(await work.connection()).set_status(user.id, "deactivated")
        await end_sessions(work, self.sessions, user.id)
        publish(work, "user.deactivated.v1", user.id)
        return changed

    async def reactivate(self, work: Work, principal: Principal, user_id: UUID) -> User:
        """Let a deactivated person sign in again. Raises `PersonNotFound`, `RoleNotYours`."""
        user = await lock_person(work, principal, user_id)
        if user.status == "active":
            return user
        changed = await UserRepository(await work.connection()).set_status(user.id, "active")
        publish(work, "user.reactivated.v1", user.id)
        return changed
