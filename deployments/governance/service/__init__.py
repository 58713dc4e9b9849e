"""The rules of governance."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.governance.service.auditing import AuditService
from deployments.governance.service.constitutions import ConstitutionService
from deployments.governance.service.decisions import DecisionService


@dataclass(frozen=True, kw_only=True)
class GovernanceService:
    """What people come for: the log, the law, and how machines decide about people."""

    audit: AuditService
    constitutions: ConstitutionService
    decisions: DecisionService


__all__ = ["AuditService", "ConstitutionService", "DecisionService", "GovernanceService"]
