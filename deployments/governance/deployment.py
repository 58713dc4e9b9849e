"""The governance service, put together."""

from __future__ import annotations

from deployments.governance.endpoints import router
from deployments.governance.endpoints.common import PREFIX
from deployments.governance.service import AuditService, ConstitutionService, DecisionService, GovernanceService
from deployments.kit.context import ServiceContext
from deployments.kit.service import ServiceDefinition


def _build(context: ServiceContext) -> GovernanceService:
    return GovernanceService(
        audit=AuditService(database=context.database, keys=context.keys),
        constitutions=ConstitutionService(),
        decisions=DecisionService(),
    )


SERVICE = ServiceDefinition(
    name="governance",
    prefix=PREFIX,
    title="Azora governance",
    description="The audit log, the constitution that automated work is judged by, and how decisions treat groups.",
    router=router,
    build=_build,
)
