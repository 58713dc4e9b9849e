"""Making accounts: what every way in has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from deployments.kit.passwords import Passwords, check_policy
from deployments.kit.work import Work
from deployments.users.letters import Letter, Letters
from deployments.users.links import LinkToken
from deployments.users.repository.links import MailRepository, Reset, ResetRepository
from deployments.users.repository.organisations import OrganisationRepository
from deployments.users.repository.people import User, UserRepository
from deployments.users.service.common import publish


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whose account was made for them."""

    user_id: UUID
    email: str
    first_name: str


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Makes accounts, and asks people to set the password of an account that was made for them."""

    passwords: Passwords
    letters: Letters
    welcome_lifetime: timedelta

    async def hash(self, password: str, *personal: str) -> str:
        """The hash of a password that the policy admits. Raises `Invalid`."""
        check_policy(password, personal=personal)
        return await self.passwords.hash(password)

    async def make(
        self,
        work: Work,
        event: str,
        *,
        email: str,
        first_name: str,
        last_name: str,
        role: str,
        password_hash: str | None,
        external_id: str | None = None,
    ) -> User:
        """Make an account in the tenant of the work. Raises `EmailTaken`, `ExternalIdTaken`."""
        user = await UserRepository(await work.connection()).insert(
            org_id=work.org_id,
            email=email,
            password_hash=password_hash,
            first_name=first_name,
            last_name=last_name,
            role=role,
            external_id=external_id,
        )
        publish(work, event, user.id, role=user.role)
        return user

    async def welcome(self, work: Work, people: Sequence[Newcomer]) -> None:
        """Mail each person of the work's tenant a link to set a password with."""
        if not people:
            return
        connection = await work.connection()
        organisation = await OrganisationRepository(connection).find(work.org_id)
        assert organisation is not None, "people belong to an organisation"
        expires_at = datetime.now(UTC) + self.welcome_lifetime
        resets = [Reset(user_id=p.user_id, token=LinkToken.create(work.org_id), expires_at=expires_at) for p in people]
        letters: list[Letter] = [
            self.letters.welcome(person.email, person.first_name, organisation.name, reset.token, expires_at)
            for person, reset in zip(people, resets, strict=True)
        ]
        await ResetRepository(connection).insert(resets)
        await MailRepository(connection).post(letters)
