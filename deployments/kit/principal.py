"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from deployments.kit.errors import Forbidden
from deployments.kit.permissions import ROLES


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request, as the verified access token says. Times are Unix seconds."""

    user_id: UUID
    org_id: UUID
    role: str
    session_id: UUID
    token_id: str
    issued_at: float
    expires_at: float

    def may(self, permission: str) -> bool:
        """Whether the role holds the permission."""
        return permission in ROLES[self.role]

    def require(self, permission: str) -> None:
        """Raises `Forbidden` where the role lacks the permission."""
        if not self.may(permission):
            raise Forbidden(f"This needs the permission {permission}")
