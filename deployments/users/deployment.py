"""The users service, put together."""

from __future__ import annotations

from deployments.kit.context import ServiceContext
from deployments.kit.passwords import Passwords
from deployments.kit.service import ServiceDefinition
from deployments.users.endpoints import router
from deployments.users.letters import Letters
from deployments.users.service import UserService
from deployments.users.service.accounts import Accounts
from deployments.users.service.credentials import CredentialService, PasswordProof
from deployments.users.service.erasure import ErasureService
from deployments.users.service.export import ExportService
from deployments.users.service.imports import ImportService
from deployments.users.service.invitations import InvitationService
from deployments.users.service.messages import MessageService
from deployments.users.service.organisations import OrganisationService
from deployments.users.service.people import PeopleService
from deployments.users.service.profiles import ProfileService
from deployments.users.service.registration import RegistrationService
from stores.sessions import SessionStore


def _build(context: ServiceContext) -> UserService:
    settings, limiter, rate = context.settings, context.limiter, context.settings.rate_limit_credentials
    passwords = Passwords(settings.bcrypt_cost)
    sessions = SessionStore(context.valkey, settings)
    letters = Letters(settings.base_url)
    accounts = Accounts(passwords=passwords, letters=letters, welcome_lifetime=settings.invitation_lifetime)
    proof = PasswordProof(database=context.database, passwords=passwords, limiter=limiter)
    profiles = ProfileService(keyring=context.keyring)
    invitations = InvitationService(
        accounts=accounts,
        letters=letters,
        lifetime=settings.invitation_lifetime,
        limiter=limiter,
        credentials_rate=rate,
    )
    return UserService(
        registration=RegistrationService(accounts=accounts, limiter=limiter, credentials_rate=rate),
        invitations=invitations,
        profiles=profiles,
        credentials=CredentialService(
            proof=proof,
            passwords=passwords,
            sessions=sessions,
            letters=letters,
            limiter=limiter,
            credentials_rate=rate,
        ),
        people=PeopleService(accounts=accounts, sessions=sessions, letters=letters),
        messages=MessageService(letters=letters, limiter=limiter),
        organisations=OrganisationService(accounts=accounts, invitations=invitations, sessions=sessions),
        imports=ImportService(accounts=accounts, letters=letters),
        export=ExportService(profiles=profiles, sessions=sessions),
        erasure=ErasureService(proof=proof, sessions=sessions, letters=letters),
    )


SERVICE = ServiceDefinition(
    name="users",
    prefix="/api/users",
    title="Azora users",
    description="Organisations, registration, profiles and roles, and what privacy law asks for.",
    router=router,
    build=_build,
)
