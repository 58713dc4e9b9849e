"""Builds the Serve application of a local model: `ray.serve.llm`'s server of vLLM, without an HTTP route of its own.

Conversations reach it by handle alone, from the LLM service, which knows who asks and what it may cost.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from cluster.models.errors import ExtraMissing
from cluster.models.values import LocalModel, configuration

DEPLOYMENT = "engine"


def llm_config(model: LocalModel) -> Any:
    """The model as Ray's `LLMConfig`. Raises pydantic's `ValidationError` where Ray objects to a value."""
    from ray.serve.llm import LLMConfig

    return LLMConfig(**configuration(model))


def build(model: LocalModel) -> Any:
    """The Serve application. Raises `ExtraMissing` where vLLM is not installed."""
    if find_spec("vllm") is None:
        raise ExtraMissing("vllm")
    from ray.serve.llm import build_llm_deployment

    from cluster.models.server import ModelServer

    return build_llm_deployment(
        llm_config(model),
        deployment_cls=ModelServer,
        bind_kwargs={"adapters": model.adapters},
        override_serve_options={"name": DEPLOYMENT},
    )
