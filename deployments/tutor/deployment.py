"""The tutor, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from deployments.kit.context import ServiceContext
from deployments.kit.judging import Edge
from deployments.kit.service import ServiceDefinition
from deployments.tutor.endpoints import PREFIX, router
from deployments.tutor.exchanges import Scribe
from deployments.tutor.material import Material
from deployments.tutor.preparing import Preparation
from deployments.tutor.remembering import LastTurns
from deployments.tutor.service import TutorService
from deployments.tutor.voice import ModelVoice


def _build(context: ServiceContext) -> TutorService:
    settings, scribe = context.settings, Scribe(context.keyring)
    voice = ModelVoice(settings.services_base_url, settings.tutor_model) if settings.tutor_model else None
    last = LastTurns(context.memory, scribe)
    preparation = Preparation(context.database, Material(context.embedder), last, for_a_model=voice is not None)
    edge = Edge.of(context.database, "tutor", "tutor")
    return TutorService(context.database, preparation, scribe, last, voice, edge)


def _background(context: ServiceContext, service: TutorService) -> tuple[Coroutine[Any, Any, None], ...]:
    warming = context.embedder.warm()  # each question needs it, so a first learner would wait for it
    return (warming, service.voice.run()) if service.voice else (warming,)


SERVICE = ServiceDefinition(
    name="tutor",
    prefix=PREFIX,
    title="Azora tutor",
    description="Conversations about a course, answered from its material, with hints at what quizzes still ask.",
    router=router,
    build=_build,
    background=_background,
    optional_checks=lambda context: {"search_by_meaning": context.embedder.check},
)
