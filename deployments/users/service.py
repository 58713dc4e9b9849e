"""The rules of people and organisations."""

from __future__ import annotations

from dataclasses import dataclass

from configs.rates import Rate
from deployments.kit.errors import NotFound, TooManyRequests
from deployments.kit.passwords import Passwords, check_policy
from deployments.kit.principal import Principal
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.users.errors import OrganisationUnknown, RegistrationClosed
from deployments.users.repository import User, UserRepository
from deployments.users.schemas import Register


@dataclass(frozen=True, kw_only=True)
class UserService:
    """People of one organisation at a time."""

    passwords: Passwords
    limiter: RateLimiter
    credentials_rate: Rate

    async def register(self, work: Work, request: Register, address: str) -> User:
        """Make a student's account where the organisation's registration is open.

        Raises `OrganisationUnknown`, `RegistrationClosed`, `EmailTaken`, `Invalid`, `TooManyRequests`.
        """
        decision = await self.limiter.take(f"credentials:{address}", self.credentials_rate)
        if not decision.allowed:
            raise TooManyRequests(decision.reset_seconds)
        check_policy(request.password, personal=(request.email, request.first_name, request.last_name))
        password_hash = await self.passwords.hash(request.password)
        users = UserRepository(await work.connection())
        organisation = await users.organisation_by_slug(request.organisation)
        if organisation is None or organisation["status"] != "active":
            raise OrganisationUnknown()
        if organisation["registration"] != "open":
            raise RegistrationClosed()
        await work.bind(organisation["id"])
        user = await users.insert(
            org_id=work.org_id,
            email=request.email,
            password_hash=password_hash,
            first_name=request.first_name,
            last_name=request.last_name,
            role="student",
        )
        self._publish(work, "user.registered.v1", user)
        return user

    async def me(self, work: Work, principal: Principal) -> User:
        """Oneself."""
        user = await UserRepository(await work.connection()).find(principal.user_id)
        if user is None:
            raise NotFound()
        return user

    def _publish(self, work: Work, type: str, user: User) -> None:
        work.publish("user_events", type, subject=user.id, key=user.id, data={"user_id": user.id, "role": user.role})
