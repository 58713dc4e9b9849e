"""Errors of the users service."""

from __future__ import annotations

from deployments.kit.errors import Conflict, Forbidden, NotFound


class OrganisationNotFound(NotFound):
    type = "organisation-not-found"
    title = "There is no such organisation"


class InvitationNotFound(NotFound):
    type = "invitation-not-found"
    title = "There is no open invitation like this"


class RegistrationClosed(Forbidden):
    type = "registration-closed"
    title = "This organisation does not take registrations"


class WrongPassword(Forbidden):
    """Not 401: the access token is good, and a client must not throw it away."""

    type = "wrong-password"
    title = "The current password is wrong"


class RoleNotYours(Forbidden):
    type = "role-not-yours"
    title = "Only a platform administrator may make or change a platform administrator"


class LinkInvalid(NotFound):
    """Does not say which: a link that was guessed must teach nothing."""

    type = "link-invalid"
    title = "This link is unknown, was used, was revoked or has expired"


class EmailTaken(Conflict):
    type = "email-taken"
    title = "This e-mail address has an account in the organisation already"


class ExternalIdTaken(Conflict):
    type = "external-id-taken"
    title = "Somebody else in the organisation has this external id"


class SlugTaken(Conflict):
    type = "slug-taken"
    title = "Another organisation has this slug"


class LastAdministrator(Conflict):
    type = "last-administrator"
    title = "The organisation needs at least one active administrator"


class LastPlatformAdministrator(Conflict):
    type = "last-platform-administrator"
    title = "The platform needs at least one active administrator"


class OwnOrganisation(Conflict):
    type = "own-organisation"
    title = "Your own organisation cannot be suspended by you"


class PasswordChangedMeanwhile(Conflict):
    type = "password-changed-meanwhile"
    title = "The password was changed by somebody else at the same time"
    retriable = True
