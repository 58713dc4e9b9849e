"""Who may give which role, and act on whom. Pure."""

from __future__ import annotations

from deployments.users.errors import RoleNotYours

_OF_ONE_ORGANISATION = frozenset({"student", "instructor", "org_admin", "auditor"})
_GRANTS = {
    "org_admin": _OF_ONE_ORGANISATION,
    "platform_admin": _OF_ONE_ORGANISATION | {"platform_admin"},
}


def may_grant(actor: str, role: str) -> bool:
    """Whether somebody with the role `actor` may give `role` to a person."""
    return role in _GRANTS.get(actor, frozenset())


def may_act_on(actor: str, role: str) -> bool:
    """Whether somebody with the role `actor` may act on a person with `role`, as far as the roles go."""
    return role != "platform_admin" or actor == "platform_admin"


def require_grant(actor: str, role: str) -> None:
    """Raises `RoleNotYours`."""
    if not may_grant(actor, role):
        raise RoleNotYours()


def require_act_on(actor: str, role: str) -> None:
    """Raises `RoleNotYours`."""
    if not may_act_on(actor, role):
        raise RoleNotYours()
