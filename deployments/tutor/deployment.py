"""The tutor, put together."""

from __future__ import annotations

from deployments.kit.context import ServiceContext
from deployments.kit.service import ServiceDefinition
from deployments.tutor.endpoints import PREFIX, router
from deployments.tutor.material import Material
from deployments.tutor.service import TutorService


def _build(context: ServiceContext) -> TutorService:
    return TutorService(context.database, Material(context.embedder), context.keyring)


SERVICE = ServiceDefinition(
    name="tutor",
    prefix=PREFIX,
    title="Azora tutor",
    description="Conversations about a course, answered from its material, with hints at what quizzes still ask.",
    router=router,
    build=_build,
    optional_checks=lambda context: {"search_by_meaning": context.embedder.check},
)
