"""The users service, put together."""

from __future__ import annotations

from deployments.kit.context import ServiceContext
from deployments.kit.passwords import Passwords
from deployments.kit.service import ServiceDefinition
from deployments.users.endpoints import router
from deployments.users.service import UserService


def _build(context: ServiceContext) -> UserService:
    settings = context.settings
    return UserService(
        passwords=Passwords(settings.bcrypt_cost),
        limiter=context.limiter,
        credentials_rate=settings.rate_limit_credentials,
    )


SERVICE = ServiceDefinition(
    name="users",
    prefix="/api/users",
    title="Azora users",
    description="Organisations, registration, profiles and roles, and what privacy law asks for.",
    router=router,
    build=_build,
)
