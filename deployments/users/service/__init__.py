"""The rules of people and organisations, one module for each subject."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.users.service.credentials import CredentialService
from deployments.users.service.erasure import ErasureService
from deployments.users.service.export import ExportService
from deployments.users.service.imports import ImportService
from deployments.users.service.invitations import InvitationService
from deployments.users.service.messages import MessageService
from deployments.users.service.organisations import OrganisationService
from deployments.users.service.people import PeopleService
from deployments.users.service.profiles import ProfileService
from deployments.users.service.registration import RegistrationService


@dataclass(frozen=True, kw_only=True)
class UserService:
    """Everything the service's routes call."""

    registration: RegistrationService
    invitations: InvitationService
    profiles: ProfileService
    credentials: CredentialService
    people: PeopleService
    messages: MessageService
    organisations: OrganisationService
    imports: ImportService
    export: ExportService
    erasure: ErasureService
