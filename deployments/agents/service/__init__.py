"""The rules of the agents service."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.agents.service.approvals import Approvals
from deployments.agents.service.tasks import Tasks
from deployments.agents.stream.hub import Hub


@dataclass(frozen=True, kw_only=True)
class AgentsService:
    """All that the endpoints need."""

    tasks: Tasks
    approvals: Approvals
    hub: Hub
