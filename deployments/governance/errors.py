"""What the governance service refuses."""

from __future__ import annotations

from deployments.kit.errors import NotFound


class AuditEntryNotFound(NotFound):
    type = "audit-entry-not-found"
    title = "There is no such entry in the audit log"


class ConstitutionNotFound(NotFound):
    type = "constitution-not-found"
    title = "The organisation has no such version of its constitution"
