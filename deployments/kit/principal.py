"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from deployments.kit.errors import Forbidden
from deployments.kit.permissions import ROLES


@dataclass(frozen=True, slots=True)
class Principal:
    """The person behind a request, as the verified access token says. Times are Unix seconds.

    `acting` is who acts in the person's name (RFC 8693, section 4.1), such as `task:<id>`; `scope` the permissions that
    were handed to it. Both are None where people act for themselves.
    """

    user_id: UUID
    org_id: UUID
    role: str
    session_id: UUID
    token_id: str
    issued_at: float
    expires_at: float
    acting: str | None = None
    scope: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        """Whether the role holds the permission."""
        return permission in ROLES[self.role]

    def enter(self, permission: str) -> None:
        """Raises `Forbidden` where the role lacks the permission of a route, or it was not handed to who acts.

        Which rows are reached inside is for the role alone: scope opens doors, it does not make two people of one.
        """
        if self.scope is not None and permission not in self.scope:
            raise Forbidden(f"{self.acting} was not given the permission {permission}")
        self.require(permission)

    def require(self, permission: str) -> None:
        """Raises `Forbidden` where the role lacks the permission."""
        if not self.may(permission):
            raise Forbidden(f"This needs the permission {permission}")
