"""Every service of the platform. Free of Ray, so that tests and tools can host services in a process of their own."""

from __future__ import annotations

from actors.analytics_aggregator import duties as aggregation
from actors.governor import duties as governance
from actors.housekeeper.duties import Duty
from actors.retrieval_index import duties as retrieval
from configs.settings import Settings
from deployments.agents import duties as agents
from deployments.agents.deployment import SERVICE as AGENTS
from deployments.analytics.deployment import SERVICE as ANALYTICS
from deployments.courses import duties as courses
from deployments.courses.deployment import SERVICE as COURSES
from deployments.enrollments import duties as enrollments
from deployments.enrollments.deployment import SERVICE as ENROLLMENTS
from deployments.governance.deployment import SERVICE as GOVERNANCE
from deployments.kit.service import ServiceDefinition
from deployments.learning.deployment import SERVICE as LEARNING
from deployments.llm import duties as llm
from deployments.llm.deployment import ADMINISTRATION as LLM_ADMINISTRATION
from deployments.llm.deployment import SERVICE as LLM
from deployments.sessions.deployment import SERVICE as SESSIONS
from deployments.tutor.deployment import SERVICE as TUTOR
from deployments.users import duties as users
from deployments.users.deployment import SERVICE as USERS
from deployments.web.deployment import front_door

SERVICES: tuple[ServiceDefinition, ...] = (
    USERS,
    SESSIONS,
    COURSES,
    ENROLLMENTS,
    TUTOR,
    LEARNING,
    ANALYTICS,
    LLM,
    LLM_ADMINISTRATION,
    AGENTS,
    GOVERNANCE,
)
BY_NAME = {definition.name: definition for definition in (*SERVICES, front_door(SERVICES))}


def duties(settings: Settings) -> list[Duty]:
    """What the services have housekeeping do."""
    return [
        *users.duties(settings),
        *enrollments.duties(),
        *courses.duties(),
        *aggregation.duties(settings),
        *retrieval.duties(settings),
        *llm.duties(),
        *agents.duties(settings),
        *governance.duties(),
    ]
