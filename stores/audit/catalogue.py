"""Every action that the audit log tells of."""

from __future__ import annotations

from collections.abc import Mapping

_SESSIONS = {
    "session.started": "Somebody signed in",
    "session.refused": "A sign-in was refused; the subject is the account, absent where there is none of that address",
    "session.ended": "Somebody signed out, or ended one of their sessions",
    "sessions.ended": "All sessions of a person were ended",
    "refresh_token.reused": "A spent refresh token came again; its session was ended",
}
_PEOPLE = {
    "user.registered": "Somebody made an account of their own",
    "user.created": "An administrator made an account",
    "user.updated": "An administrator changed a person's record",
    "user.role_changed": "A person got another role",
    "user.deactivated": "A person was kept from signing in",
    "user.reactivated": "A person may sign in again",
    "user.exported": "A person's data was handed out",
    "user.erased": "A person was erased",
    "users.imported": "People were imported from a file",
    "password.changed": "Somebody changed their password",
    "password.reset": "A password was set by a mailed link or by the command line",
    "invitation.created": "Somebody was invited",
    "invitation.revoked": "An invitation was taken back",
    "invitation.accepted": "An invited person made their account",
}
_PLATFORM = {
    "organisation.created": "A tenant was made",
    "organisation.updated": "A tenant's settings were changed",
    "signing_key.rotated": "A new key signs from a minute on",
    "data_key.rotated": "What is sealed was sealed again under another key",
    "audit.exported": "Entries of this log were handed out",
    "audit.accepted": "A broken chain was continued after it was looked into",
}
_GOVERNANCE = {
    "constitution.proposed": "A new version of the organisation's constitution was proposed",
    "constitution.tried": "A proposed version was tried on past plans",
    "constitution.activated": "A version came into force",
    "constitution.withdrawn": "A proposed version was taken back",
    "text.judged": "The governor found something in a text to or from a model",
}

ACTIONS: Mapping[str, str] = {**_SESSIONS, **_PEOPLE, **_PLATFORM, **_GOVERNANCE}
