"""What the governance service refuses."""

from __future__ import annotations

from deployments.kit.errors import Conflict, NotFound


class AuditEntryNotFound(NotFound):
    type = "audit-entry-not-found"
    title = "There is no such entry in the audit log"


class ConstitutionNotFound(NotFound):
    type = "constitution-not-found"
    title = "The organisation has no such version of its constitution"


class AlreadyStopped(Conflict):
    type = "decisions-already-stopped"
    title = "Automated decisions of this kind are stopped already"


class NotStopped(Conflict):
    type = "decisions-not-stopped"
    title = "Automated decisions of this kind are not stopped"
