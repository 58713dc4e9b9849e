"""Which class speaks to which kind of target."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from configs.errors import ConfigurationError
from configs.models import Models, Target
from deployments.llm.providers.anthropic import Anthropic
from deployments.llm.providers.http import HttpPool
from deployments.llm.providers.openai_compatible import OpenAICompatible
from deployments.llm.providers.protocol import Provider

Factory = Callable[[Target, HttpPool], Provider]

FACTORIES: Mapping[str, Factory] = {
    "openai": OpenAICompatible,
    "anthropic": Anthropic,
}


def build_providers(
    models: Models, pool: HttpPool, factories: Mapping[str, Factory] = FACTORIES
) -> dict[str, Provider]:
    """A provider for every target that some alias uses. Raises `ConfigurationError` naming each that has none."""
    used = {name: models.targets[name] for name in sorted(models.used)}
    if missing := [
        f"targets.{name}: {t.provider} cannot be used here" for name, t in used.items() if t.provider not in factories
    ]:
        raise ConfigurationError(missing)
    return {name: factories[target.provider](target, pool) for name, target in used.items()}
