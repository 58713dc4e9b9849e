"""Every service of the platform. Free of Ray, so that tests and tools can host services in a process of their own.

A process imports the services that it is to host and no others: one of the production topology answers after a third
of the time that all of them would take to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from configs.settings import Settings

if TYPE_CHECKING:
    from actors.housekeeper.duties import Duty
    from deployments.kit.service import ServiceDefinition

# By name, the module that defines it and what it is called there.
_DEFINITIONS = {
    "users": ("deployments.users.deployment", "SERVICE"),
    "sessions": ("deployments.sessions.deployment", "SERVICE"),
    "courses": ("deployments.courses.deployment", "SERVICE"),
    "enrollments": ("deployments.enrollments.deployment", "SERVICE"),
    "tutor": ("deployments.tutor.deployment", "SERVICE"),
    "learning": ("deployments.learning.deployment", "SERVICE"),
    "analytics": ("deployments.analytics.deployment", "SERVICE"),
    "llm": ("deployments.llm.deployment", "SERVICE"),
    "llm-administration": ("deployments.llm.deployment", "ADMINISTRATION"),
    "agents": ("deployments.agents.deployment", "SERVICE"),
    "governance": ("deployments.governance.deployment", "SERVICE"),
}
_FRONT_DOOR = "web"
NAMES = (*_DEFINITIONS, _FRONT_DOOR)


@cache
def service(name: str) -> ServiceDefinition:
    """The service of that name. Raises `KeyError` where there is none."""
    if name == _FRONT_DOOR:
        from deployments.web.deployment import front_door

        return front_door(services())
    module, attribute = _DEFINITIONS[name]
    definition: ServiceDefinition = getattr(import_module(module), attribute)
    return definition


def services() -> tuple[ServiceDefinition, ...]:
    """All of them but the front door, which knows the others."""
    return tuple(service(name) for name in _DEFINITIONS)


def duties(settings: Settings) -> Sequence[Duty]:
    """What the services have housekeeping do. The housekeeper imports this, and nobody else need."""
    from actors.analytics_aggregator import duties as aggregation
    from actors.governor import duties as governance
    from actors.retrieval_index import duties as retrieval
    from deployments.agents import duties as agents
    from deployments.courses import duties as courses
    from deployments.enrollments import duties as enrollments
    from deployments.llm import duties as llm
    from deployments.users import duties as users

    return [
        *users.duties(settings),
        *enrollments.duties(),
        *courses.duties(),
        *aggregation.duties(settings),
        *retrieval.duties(settings),
        *llm.duties(),
        *agents.duties(settings),
        *governance.duties(settings),
    ]
