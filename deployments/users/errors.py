"""Errors of the users service."""

from __future__ import annotations

from deployments.kit.errors import Conflict, Forbidden, NotFound


class OrganisationUnknown(NotFound):
    type = "organisation-unknown"
    title = "There is no such organisation"


class RegistrationClosed(Forbidden):
    type = "registration-closed"
    title = "This organisation does not take registrations"


class EmailTaken(Conflict):
    type = "email-taken"
    title = "This e-mail address has an account in the organisation already"
