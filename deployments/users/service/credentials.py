"""Passwords: proving, changing and resetting them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from configs.rates import Rate
from deployments.kit.errors import PersonNotFound
from deployments.kit.passwords import Passwords, check_policy
from deployments.kit.principal import Principal
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.users.errors import LinkInvalid, PasswordChangedMeanwhile, WrongPassword
from deployments.users.letters import Letters
from deployments.users.links import LinkToken
from deployments.users.repository.links import MailRepository, ResetRepository
from deployments.users.repository.organisations import OrganisationRepository
from deployments.users.repository.people import User, UserRepository
from deployments.users.schemas import PasswordChange, PasswordResetConfirmation, PasswordResetRequest
from deployments.users.service.common import admit, end_sessions, publish
from stores.postgres import Database
from stores.sessions import SessionStore

# Whoever holds a stolen access token must not be able to guess the password with it.
_GUESSES = Rate(10, 300)
# Counted by the address asked for, known or not; more mails than these only annoy.
_RESETS_OF_ONE_ADDRESS = Rate(5, 3600)


@dataclass(frozen=True, kw_only=True)
class PasswordProof:
    """Asks a signed-in person for the password again, before what a stolen token must not do."""

    database: Database
    passwords: Passwords
    limiter: RateLimiter

    async def demand(self, principal: Principal, password: str) -> User:
        """The person as they were when the password was compared. Raises `WrongPassword`, `TooManyRequests`."""
        await admit(self.limiter, f"password:{principal.user_id.hex}", _GUESSES)
        # A transaction of its own: none stays open while bcrypt takes a quarter of a second.
        async with self.database.transaction(principal.org_id, readonly=True) as connection:
            user = await UserRepository(connection).find(principal.user_id)
        if user is None:
            raise PersonNotFound()
        if not await self.passwords.verify(password, user.password_hash):
            raise WrongPassword()
        return user


@dataclass(frozen=True, kw_only=True)
class CredentialService:
    """Changes and resets passwords."""

    proof: PasswordProof
    passwords: Passwords
    sessions: SessionStore
    letters: Letters
    limiter: RateLimiter
    credentials_rate: Rate

    async def change(self, work: Work, principal: Principal, request: PasswordChange) -> None:
        """Replace one's password and end one's other sessions.

        Raises `WrongPassword`, `Invalid`, `PasswordChangedMeanwhile`, `TooManyRequests`.
        """
        user = await self.proof.demand(principal, request.current_password)
        check_policy(request.new_password, field="new_password", personal=_personal(user))
        password_hash = await self.passwords.hash(request.new_password)
        users = UserRepository(await work.connection())
        changed = await users.set_password(user.id, password_hash, previous=user.password_hash)
        if changed is None:
            raise PasswordChangedMeanwhile()
        await self._settle(work, changed)
        await end_sessions(work, self.sessions, user.id, keep=principal.session_id)
        publish(work, "password.changed.v1", user.id)

    async def request_reset(self, work: Work, request: PasswordResetRequest, address: str) -> None:
        """Note that somebody wants to reset a password. Raises `TooManyRequests`.

        No account is read here: housekeeping does that later and mails the link (`deployments.users.duties`). So
        neither the answer nor its time can tell whether the address has an account.
        """
        await admit(self.limiter, f"credentials:{address}", self.credentials_rate)
        asked_for = hashlib.sha256(f"{request.organisation}/{request.email}".encode()).hexdigest()
        await admit(self.limiter, f"reset:{asked_for}", _RESETS_OF_ONE_ADDRESS)
        connection = await work.connection()
        organisation = await OrganisationRepository(connection).by_slug(request.organisation)
        if organisation is not None and organisation.active:
            await work.bind(organisation.id)
            await ResetRepository(connection).request(organisation.id, request.email)

    async def confirm_reset(self, work: Work, request: PasswordResetConfirmation, address: str) -> None:
        """Set a password with a mailed link, and end all sessions. Raises `LinkInvalid`, `Invalid`."""
        await admit(self.limiter, f"credentials:{address}", self.credentials_rate)
        check_policy(request.password)
        password_hash = await self.passwords.hash(request.password)
        token = LinkToken.parse(request.token)
        if token is None:
            raise LinkInvalid()
        await work.bind(token.org_id)
        user = await self._use(work, token)
        check_policy(request.password, personal=_personal(user))
        changed = await UserRepository(await work.connection()).set_password(user.id, password_hash)
        assert changed is not None, "the row is locked"
        await self._settle(work, changed)
        await end_sessions(work, self.sessions, user.id)
        publish(work, "password.reset.v1", user.id)

    async def _use(self, work: Work, token: LinkToken) -> User:
        connection = await work.connection()
        organisation = await OrganisationRepository(connection).find(token.org_id)
        user_id = await ResetRepository(connection).use(token)
        user = await UserRepository(connection).lock(user_id) if user_id else None
        if user is None or user.status != "active" or organisation is None or organisation.status != "active":
            raise LinkInvalid()
        return user

    async def _settle(self, work: Work, user: User) -> None:
        connection = await work.connection()
        await ResetRepository(connection).void(user.id)
        await MailRepository(connection).post([self.letters.password_changed(user.org_id, user.email, user.first_name)])


def _personal(user: User) -> tuple[str, ...]:
    return user.email, user.first_name, user.last_name
