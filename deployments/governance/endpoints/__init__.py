"""Routes of the governance service."""

from deployments.governance.endpoints import audit, constitution, decisions  # noqa: F401
from deployments.governance.endpoints.common import router

__all__ = ["router"]
