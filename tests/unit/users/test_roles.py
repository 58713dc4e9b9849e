"""Who may give which role, and act on whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.kit.permissions import ROLES
from deployments.users.errors import RoleNotYours
from deployments.users.roles import may_act_on, may_grant, require_act_on, require_grant

_ROLE = st.sampled_from(sorted(ROLES))


@given(_ROLE, _ROLE)
def test_only_who_holds_the_permission_gives_roles(actor: str, role: str) -> None:
    if may_grant(actor, role):
        assert "people.roles" in ROLES[actor]


@given(_ROLE)
def test_nobody_makes_somebody_mightier_than_themselves(actor: str) -> None:
    for role in ROLES:
        if may_grant(actor, role) and role != "auditor":
            assert ROLES[role] <= ROLES[actor]


@given(_ROLE, _ROLE)
def test_platform_administrators_are_out_of_reach(actor: str, role: str) -> None:
    assert may_act_on(actor, role) == (role != "platform_admin" or actor == "platform_admin")
    assert not may_grant(actor, "platform_admin") or actor == "platform_admin"


def test_refusals() -> None:
    with pytest.raises(RoleNotYours):
        require_grant("org_admin", "platform_admin")
    with pytest.raises(RoleNotYours):
        require_act_on("org_admin", "platform_admin")
    require_grant("org_admin", "org_admin")
    require_act_on("org_admin", "org_admin")
