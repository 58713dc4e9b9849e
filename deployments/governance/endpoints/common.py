"""What the routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from deployments.governance.service import GovernanceService
from deployments.kit.routes import service_router

PREFIX = "/api/governance"
router = service_router(PREFIX)


async def _service(request: Request) -> GovernanceService:
    service = request.app.state.service
    assert isinstance(service, GovernanceService)
    return service


Governance = Annotated[GovernanceService, Depends(_service)]
