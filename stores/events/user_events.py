"""People, their sessions, invitations and organisations."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from stores.events.declarations import AboutPerson, Count, EventData, EventType, KeyedBy, Role, Time


class AccountMade(AboutPerson):
    role: Role


class RoleChanged(AboutPerson):
    role: Role
    previous_role: Role


class PersonErased(AboutPerson):
    erasure_id: UUID


class PersonMessaged(AboutPerson):
    """`user_id` is who it goes to."""

    message_id: UUID
    sender_id: UUID


class SessionStarted(AboutPerson):
    """`registered_at` is when the person's account was made."""

    session_id: UUID
    role: Role
    registered_at: Time


class SessionEnded(AboutPerson):
    session_id: UUID


class SessionsEnded(AboutPerson):
    count: Count


class AboutInvitation(EventData):
    invitation_id: UUID
    role: Role


class AboutOrganisation(EventData):
    organisation_id: UUID
    status: Literal["active", "suspended"]


def _declare(name: str, data: type[EventData], description: str, keyed_by: KeyedBy = "person") -> EventType:
    return EventType(name=name, topic="user_events", keyed_by=keyed_by, description=description, data=data)


USER_EVENTS = (
    _declare("user.registered", AccountMade, "Somebody registered"),
    _declare("user.created", AccountMade, "An administrator or the command line made an account"),
    _declare("user.invited", AccountMade, "An account was made by accepting an invitation"),
    _declare("user.imported", AccountMade, "An account was made by an import"),
    _declare("user.updated", AboutPerson, "A profile changed"),
    _declare("user.role_changed", RoleChanged, "Another role"),
    _declare("user.deactivated", AboutPerson, "May no longer sign in"),
    _declare("user.reactivated", AboutPerson, "May sign in again"),
    _declare("user.erased", PersonErased, "The person was erased; names the receipt"),
    _declare("sensitive_profile.replaced", AboutPerson, "The encrypted fields changed; not what they hold"),
    _declare("user.messaged", PersonMessaged, "Was sent a message; not what it says"),
    _declare("password.changed", AboutPerson, "By the person"),
    _declare("password.reset", AboutPerson, "By a mailed link or the command line"),
    _declare("password_reset.requested", AboutPerson, "A link was mailed"),
    _declare("session.started", SessionStarted, "Signed in"),
    _declare("session.refused", AboutPerson, "Somebody failed to sign in to an account that exists"),
    _declare("session.ended", SessionEnded, "Signed out"),
    _declare("sessions.ended", SessionsEnded, "Several at once, with their count"),
    _declare("invitation.created", AboutInvitation, "An invitation was mailed", "invitation"),
    _declare("invitation.revoked", AboutInvitation, "An invitation became worthless", "invitation"),
    _declare("invitation.accepted", AboutInvitation, "An invitation led to an account", "invitation"),
    _declare("organisation.created", AboutOrganisation, "A tenant was made", "organisation"),
    _declare("organisation.updated", AboutOrganisation, "A tenant was changed", "organisation"),
    _declare("organisation.suspended", AboutOrganisation, "A tenant was closed", "organisation"),
    _declare("organisation.reinstated", AboutOrganisation, "A tenant was opened again", "organisation"),
)
