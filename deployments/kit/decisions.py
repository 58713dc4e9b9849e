"""Refusing automated decisions of a kind that is stopped."""

from __future__ import annotations

from uuid import UUID

from deployments.kit.errors import Conflict
from stores.decisions import AutomatedKind, stopped
from stores.postgres import Connection


class AutomatedDecisionsStopped(Conflict):
    """Figures of fairness or drift were beyond their limits, or a person stopped it; a person has to release it."""

    type = "automated-decisions-stopped"
    title = "Automated decisions of this kind are stopped in the organisation"


async def require_running(connection: Connection, org_id: UUID, kind: AutomatedKind) -> None:
    """Raises `AutomatedDecisionsStopped`."""
    if await stopped(connection, org_id, kind) is not None:
        # Not the reason: an administrator may have written it for colleagues, and learners read this.
        raise AutomatedDecisionsStopped(f"Stopped: {kind.value}")
