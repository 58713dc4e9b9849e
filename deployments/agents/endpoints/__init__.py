"""Routes of the agents service, one module for each subject."""

from __future__ import annotations

from fastapi import APIRouter

from deployments.agents.endpoints import approvals, tasks

router = APIRouter(routes=[*tasks.router.routes, *approvals.router.routes])
