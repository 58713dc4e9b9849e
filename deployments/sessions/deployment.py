"""The sessions service, put together."""

from __future__ import annotations

from deployments.kit.context import ServiceContext
from deployments.kit.passwords import Passwords
from deployments.kit.service import ServiceDefinition
from deployments.sessions.backoff import Backoff
from deployments.sessions.endpoints import router
from deployments.sessions.service import SessionService
from stores.access_tokens import TokenIssuer
from stores.sessions import SessionStore


def _build(context: ServiceContext) -> SessionService:
    settings = context.settings
    return SessionService(
        database=context.database,
        store=SessionStore(context.valkey, settings),
        issuer=TokenIssuer(
            context.keys, context.keyring, settings.issuer, int(settings.access_token_lifetime.total_seconds())
        ),
        passwords=Passwords(settings.bcrypt_cost),
        backoff=Backoff(context.valkey),
        limiter=context.limiter,
        credentials_rate=settings.rate_limit_credentials,
        keys=context.keys,
        keyring=context.keyring,
        access_token_lifetime=settings.access_token_lifetime,
        spawn=context.spawn,
    )


SERVICE = ServiceDefinition(
    name="sessions",
    prefix="/api/sessions",
    title="Azora sessions",
    description="Signing in and out, refreshing, listing and revoking sessions, and the keys of access tokens.",
    router=router,
    build=_build,
)
