"""The composition root: how Ray Serve builds an application out of some of the services.

New services are registered in `deployments.registry`. Serve reads the builder's annotation to know what to parse its
arguments into, so annotations must be evaluated here.
"""

import random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from ray import serve

from actors.conversation_memory.actor import conversation_memory
from actors.housekeeper.actor import start_housekeeper
from actors.monitoring import observe
from actors.session_cache.actor import ActorFeed
from actors.session_cache.state import RevocationFeed
from cluster.models.values import LocalModel
from configs.errors import ConfigurationError
from configs.settings import Settings
from deployments.kit import logs
from deployments.kit.service import ServiceHost
from deployments.registry import NAMES, duties, service
from stores.vaulted import load_settings


class Arguments(BaseModel):
    """What a Serve configuration may say of an application."""

    model_config = ConfigDict(extra="forbid")

    services: list[str] = Field(min_length=1, description="The services that share the application's replicas")


def host(services: list[str]) -> ServiceHost:
    """The ASGI application of a replica."""
    settings = load_settings()
    logs.configure(settings.log_level, "+".join(services))
    observe(settings, services[0] if len(services) == 1 else "services", reluctant=True)
    start_housekeeper(settings, duties)  # whoever comes first; the others find it there
    if settings.kafka_bootstrap_servers:
        from actors.event_relay.actor import start_event_relays

        start_event_relays(settings)
    if "analytics" in services:
        from actors.analytics_aggregator.actor import start_analytics_aggregators

        start_analytics_aggregators(settings)
    if {"courses", "tutor", "llm"} & set(services):
        from actors.retrieval_index.actor import start_retrieval_index

        start_retrieval_index(settings)
    return ServiceHost([service(name) for name in services], settings, _feed, conversation_memory)


def _feed(settings: Settings) -> RevocationFeed:
    return ActorFeed(settings, random.randrange(settings.session_cache_actors))


@serve.deployment(name="services")
@serve.ingress()
class ServiceReplica:
    """One process that answers for some of the services.

    Serve ships this class by value, so it names nothing but `host`, which each replica imports for itself.
    """

    def __init__(self, services: list[str]) -> None:
        self._services = services

    def __serve_build_asgi_app__(self) -> ServiceHost:
        return host(self._services)


def application(arguments: Arguments) -> Any:
    """Build a Serve application. Raises `ConfigurationError` for a service that does not exist."""
    if unknown := sorted(set(arguments.services) - set(NAMES)):
        raise ConfigurationError([f"no such service: {name}" for name in unknown])
    return ServiceReplica.bind(arguments.services)  # type: ignore[attr-defined]


def local_model(model: LocalModel) -> Any:
    """Build the Serve application of a language model that vLLM runs. Raises `ExtraMissing` without vLLM."""
    from cluster.models.application import build  # Ray's part for language models takes seconds to import

    return build(model)
