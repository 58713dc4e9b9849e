"""The learning service, put together."""

from __future__ import annotations

from deployments.kit.context import ServiceContext
from deployments.kit.service import ServiceDefinition
from deployments.learning.endpoints import router
from deployments.learning.endpoints.common import PREFIX
from deployments.learning.service import LearningService


def _build(context: ServiceContext) -> LearningService:
    return LearningService(context.spawn, context.database)


SERVICE = ServiceDefinition(
    name="learning",
    prefix=PREFIX,
    title="Azora learning",
    description="Models of learning: which serve, what they predict and why; what learners know, and what to do next.",
    router=router,
    build=_build,
)
