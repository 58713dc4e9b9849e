"""The rules of governance."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.governance.service.auditing import AuditService
from deployments.governance.service.constitutions import ConstitutionService


@dataclass(frozen=True, kw_only=True)
class GovernanceService:
    """What people come for: the log, and the law."""

    audit: AuditService
    constitutions: ConstitutionService


__all__ = ["AuditService", "ConstitutionService", "GovernanceService"]
