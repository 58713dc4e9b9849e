"""Registering oneself."""

from __future__ import annotations

from dataclasses import dataclass

from configs.rates import Rate
from deployments.kit.rate_limit import RateLimiter
from deployments.kit.work import Work
from deployments.users.errors import OrganisationNotFound, RegistrationClosed
from deployments.users.repository.organisations import OrganisationRepository
from deployments.users.repository.people import User
from deployments.users.schemas import Register
from deployments.users.service.accounts import Accounts
from deployments.users.service.common import admit


@dataclass(frozen=True, kw_only=True)
class RegistrationService:
    """The open door."""

    accounts: Accounts
    limiter: RateLimiter
    credentials_rate: Rate

    async def register(self, work: Work, request: Register, address: str) -> User:
        """Make a student's account where the organisation's registration is open.

        Raises `OrganisationNotFound`, `RegistrationClosed`, `EmailTaken`, `Invalid`, `TooManyRequests`.
        """
        await admit(self.limiter, f"credentials:{address}", self.credentials_rate)
        password_hash = await self.accounts.hash(request.password, request.email, request.first_name, request.last_name)
        organisation = await OrganisationRepository(await work.connection()).enter(request.organisation)
        if organisation is None or not organisation.active:
            raise OrganisationNotFound()
        if organisation.registration != "open":
            raise RegistrationClosed()
        work.entered(organisation.id)
        return await self.accounts.make(
            work,
            "user.registered.v1",
            email=request.email,
            first_name=request.first_name,
            last_name=request.last_name,
            role="student",
            password_hash=password_hash,
        )
