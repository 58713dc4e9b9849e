"""The service of language models, put together."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from configs.models import load_models
from deployments.kit.context import ServiceContext
from deployments.kit.gate import Direct
from deployments.kit.health import Checks
from deployments.kit.service import ServiceDefinition
from deployments.llm import engines
from deployments.llm.api.errors import FORM
from deployments.llm.direct import DirectRoutes
from deployments.llm.dispatch import Dispatcher
from deployments.llm.endpoints.openai import PREFIX, router
from deployments.llm.providers.http import HttpPool
from deployments.llm.providers.local import local_factories
from deployments.llm.providers.registry import FACTORIES, build_providers
from deployments.llm.service import LlmService
from deployments.llm.service.answering import Answering


def _build(context: ServiceContext) -> LlmService:
    models = load_models(context.settings.models_file)
    pool = HttpPool()
    factories = {**FACTORIES, **local_factories(context.database, context.embedder), "vllm": engines.vllm}
    dispatcher = Dispatcher(models, build_providers(models, pool, factories))
    return LlmService(models=models, answering=Answering(dispatcher), pool=pool)


def _optional_checks(context: ServiceContext) -> Checks:
    return {"embeddings": context.embedder.check, **engines.checks(load_models(context.settings.models_file))}


def _direct(_context: ServiceContext, service: LlmService) -> Direct:
    return DirectRoutes(service.answering).table()


def _background(_context: ServiceContext, service: LlmService) -> tuple[Coroutine[Any, Any, None], ...]:
    return (service.pool.until_cancelled(),)


SERVICE = ServiceDefinition(
    name="llm",
    prefix=PREFIX,
    title="Azora language models",
    description="OpenAI's API over local and remote models: chat, streamed or whole, vectors, the table of models.",
    router=router,
    build=_build,
    direct=_direct,
    background=_background,
    errors=FORM,
    optional_checks=_optional_checks,
)
