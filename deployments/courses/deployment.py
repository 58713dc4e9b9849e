"""The courses service, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from actors.governor.law import governor
from deployments.courses.cache import CHANNEL, CourseCache
from deployments.courses.endpoints import router
from deployments.courses.service import CourseService
from deployments.courses.service.writing import Writer
from deployments.kit.asking import ModelAsking
from deployments.kit.context import ServiceContext
from deployments.kit.service import ServiceDefinition


def _build(context: ServiceContext) -> CourseService:
    model, database = context.settings.content_model, context.database
    if model is None:
        return CourseService.create(context.embedder, database)
    asking = ModelAsking(context.settings.services_base_url, model, "content")
    writer = Writer(asking=asking, governor=governor(database), database=database)
    return CourseService.create(context.embedder, database, writer)


def _fast_path(_context: ServiceContext, service: CourseService) -> CourseCache:
    return service.cache


def _background(context: ServiceContext, service: CourseService) -> tuple[Coroutine[Any, Any, None]]:
    return (context.database.listen(CHANNEL, service.cache.on_message, service.cache.on_state),)


SERVICE = ServiceDefinition(
    name="courses",
    prefix="/api/courses",
    title="Azora courses",
    description="The catalogue, authoring and publishing, what learners read, prerequisites and reviews.",
    router=router,
    build=_build,
    fast_path=_fast_path,
    background=_background,
    optional_checks=lambda context: {"search_by_meaning": context.embedder.check},
)
