"""Whatever administrators do to one another, the rules of roles hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.kit.permissions import ROLES
from tests.integration.users.support import rows
from tests.platform import Account, Organisation, Platform

_ACTORS = ("org_admin", "platform_admin", "auditor", "instructor", "student")
_PEOPLE = 4
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(_ACTORS),
        st.sampled_from(["role", "deactivate", "reactivate", "erase"]),
        st.integers(0, _PEOPLE - 1),
        st.sampled_from(sorted(ROLES)),
    ),
    max_size=12,
)


@dataclass
class Model:
    """What the rules say should be."""

    roles: list[str]
    statuses: list[str] = field(default_factory=lambda: ["active"] * _PEOPLE)

    def last_administrator(self, person: int) -> bool:
        standing = [i for i in range(_PEOPLE) if self.roles[i] == "org_admin" and self.statuses[i] == "active"]
        return standing == [person]

    def expect(self, actor: str, action: str, person: int, role: str) -> int:
        """The status that the step must get; applies it where it is allowed."""
        permission = {"role": "people.roles", "erase": "people.erase"}.get(action, "people.write")
        if permission not in ROLES[actor]:
            return 403
        if action == "role" and role == "platform_admin" and actor != "platform_admin":
            return 403
        if self.statuses[person] == "erased":
            return 404
        if self.roles[person] == "platform_admin" and actor != "platform_admin":
            return 403
        leaves = action in {"deactivate", "erase"} or (action == "role" and role != "org_admin")
        if leaves and self.last_administrator(person):
            return 409
        if action == "role":
            self.roles[person] = role
        else:
            self.statuses[person] = {"deactivate": "deactivated", "reactivate": "active", "erase": "erased"}[action]
        return 200


async def _people(org: Organisation, roles: list[str]) -> list[UUID]:
    """The organisation's people anew: whoever was there is out of the way, the actors included."""
    await rows(org.platform, org, "update users set role = 'student' where role = 'org_admin'")
    return [(await org.platform.create_account(org, role)).id for role in roles]


async def _step(actor: Account, action: str, person: UUID, role: str) -> int:
    if action == "role":
        return (await actor.http.put(f"/api/users/{person}/role", json={"role": role})).status_code
    return (await actor.http.post(f"/api/users/{person}/{action}")).status_code


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(roles=st.lists(st.sampled_from(sorted(ROLES)), min_size=_PEOPLE, max_size=_PEOPLE), steps=_STEPS)
async def test_the_rules_hold(platform: Platform, roles: list[str], steps: list[tuple[str, str, int, str]]) -> None:
    org = await platform.create_organisation()
    actors = {role: await org.person(role) for role in _ACTORS}
    people = await _people(org, roles)  # the acting org_admin's token outlives the role; its row counts no more
    model = Model(list(roles))
    for actor, action, person, role in steps:
        before = Model(list(model.roles), list(model.statuses))
        status = await _step(actors[actor], action, people[person], role)
        assert status == model.expect(actor, action, person, role), (actor, action, role, before)
    for person, id in enumerate(people):
        [row] = await rows(platform, org, "select role, status from users where id = $1", id)
        assert row == {"role": model.roles[person], "status": model.statuses[person]}
