"""The service of language models, put together."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from configs.models import load_models
from deployments.kit.context import ServiceContext
from deployments.kit.gate import Direct
from deployments.kit.health import Checks
from deployments.kit.service import ServiceDefinition
from deployments.llm import engines
from deployments.llm.api.errors import FORM
from deployments.llm.cache import AnswerCache
from deployments.llm.direct import DirectRoutes
from deployments.llm.dispatch import Dispatcher
from deployments.llm.endpoints import administration
from deployments.llm.endpoints.openai import PREFIX, router
from deployments.llm.governed import GovernorSafeguard
from deployments.llm.keys import KeyAuthenticator
from deployments.llm.memory import CHANNEL
from deployments.llm.metering.meter import Meter
from deployments.llm.metering.prices import Prices
from deployments.llm.metering.reservations import Reservations
from deployments.llm.metering.settling import Settler
from deployments.llm.policies import Policies
from deployments.llm.providers.http import HttpPool
from deployments.llm.providers.local import local_factories
from deployments.llm.providers.registry import FACTORIES, build_providers
from deployments.llm.service import LlmService
from deployments.llm.service.administration import Administration
from deployments.llm.service.answering import Answering
from deployments.llm.service.safeguards import Safeguard, Safeguards
from deployments.llm.transcripts import Transcripts

# Rules about content, in the order in which text passes them; each is made once for a process.
SAFEGUARDS: tuple[Callable[[ServiceContext], Safeguard], ...] = (GovernorSafeguard.of,)


def _build(context: ServiceContext) -> LlmService:
    models = load_models(context.settings.models_file)
    pool, database = HttpPool(), context.database
    factories = {**FACTORIES, **local_factories(database, context.embedder), "vllm": engines.vllm}
    dispatcher = Dispatcher(models, build_providers(models, pool, factories))
    policies, settler = Policies(database), Settler(database)
    transcripts = Transcripts(database, context.keyring)
    reservations = Reservations(database, settler.settled)
    answering = Answering(
        models=models,
        dispatcher=dispatcher,
        policies=policies,
        meter=Meter(models.targets, Prices.of(models), reservations, settler),
        safeguards=Safeguards([make(context) for make in SAFEGUARDS]),
        cache=AnswerCache(),
        transcripts=transcripts,
    )
    return LlmService(
        models=models,
        policies=policies,
        keys=KeyAuthenticator(context.authenticator, database),
        settler=settler,
        transcripts=transcripts,
        answering=answering,
        pool=pool,
    )


def _optional_checks(context: ServiceContext) -> Checks:
    return {"embeddings": context.embedder.check, **engines.checks(load_models(context.settings.models_file))}


def _direct(_context: ServiceContext, service: LlmService) -> Direct:
    return DirectRoutes(service.answering).table()


def _background(context: ServiceContext, service: LlmService) -> tuple[Coroutine[Any, Any, None], ...]:
    return (
        service.pool.until_cancelled(),
        service.settler.run(),
        service.transcripts.run(),
        context.database.listen(CHANNEL, service.on_message, service.on_state),
    )


SERVICE = ServiceDefinition(
    name="llm",
    prefix=PREFIX,
    title="Azora language models",
    description="OpenAI's API over local and remote models: chat, streamed or whole, vectors, the table of models.",
    router=router,
    build=_build,
    authenticator=lambda _context, service: service.keys,
    direct=_direct,
    background=_background,
    errors=FORM,
    optional_checks=_optional_checks,
)


def _build_administration(context: ServiceContext) -> Administration:
    return Administration(
        models=load_models(context.settings.models_file), transcripts=Transcripts(context.database, context.keyring)
    )


ADMINISTRATION = ServiceDefinition(
    name="llm-administration",
    prefix=administration.PREFIX,
    title="Azora language models, administration",
    description="What an organisation decides about models: which, for how much, with which keys; and what was spent.",
    router=administration.router,
    build=_build_administration,
)
