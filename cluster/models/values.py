"""What a local model is, in values: what `azora up --llm` fills in for a laptop, and a Serve file for a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_LARGEST_NAME = 64
_CPU_DTYPE = "float32"  # without AVX-512 and AMX faster than bfloat16
_NO_DOWNLOAD = {"callback_class": "cluster.models.startup.FilesAreThere"}
# Conversations that begin alike go where their beginning is in the cache already, unless one replica falls behind.
_PREFIX_ROUTING = {
    "request_router_class": "ray.serve.llm.request_router.PrefixCacheAffinityRouter",
    "request_router_kwargs": {"imbalanced_threshold": 10, "do_eviction": True},
}


def name_of(source: str) -> str:
    """A short name for a Hugging Face id or a folder: `Qwen/Qwen3-0.6B` becomes `qwen3-0.6b`."""
    last = source.rstrip("/").rpartition("/")[2].lower()
    return re.sub(r"[^a-z0-9._-]+", "-", last).strip("-._")[:_LARGEST_NAME] or "local"


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Adapters(_Values):
    """LoRA adapters, one for each organisation that has one, in a folder named by the organisation's id.

    `location` is a folder that every machine sees, or a prefix in S3, Google's or Azure's storage.
    """

    location: str = Field(pattern=r"^(/|s3://|gs://|abfss://|azure://)[^\s]+$", max_length=1000)
    loaded: int = Field(default=8, ge=1, le=1000, description="adapters that a replica keeps at once")
    rank: Literal[1, 8, 16, 32, 64, 128, 256, 320, 512] = Field(default=16, description="the largest rank of any")


class Scaling(_Values):
    """How many replicas, each with its own copy of the weights."""

    min_replicas: int = Field(default=1, ge=0, le=1000)
    max_replicas: int = Field(default=1, ge=1, le=1000)
    target_ongoing_requests: int = Field(default=16, ge=1, description="conversations that one replica carries well")
    max_ongoing_requests: int = Field(default=64, ge=1, description="conversations at once; more of them wait")
    max_queued_requests: int = Field(default=128, ge=0, description="per caller; beyond, 429 at once")
    upscale_delay_seconds: float = Field(default=10, ge=0)
    downscale_delay_seconds: float = Field(default=600, ge=0)


class LocalModel(_Values):
    """One model that vLLM runs on our own machines."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="what targets call it")]
    source: str = Field(min_length=1, max_length=1000, description="a Hugging Face id, or a folder on every machine")
    device: Literal["cpu", "gpu"] = "gpu"
    accelerator_type: str | None = Field(default=None, description="as Ray names it: L4, A10G, H100, ...")
    tensor_parallel: int = Field(default=1, ge=1, le=64, description="GPUs of one machine that share each layer")
    pipeline_parallel: int = Field(default=1, ge=1, le=64, description="machines that share the layers")
    context_tokens: int | None = Field(default=None, ge=256, description="None: as many as the model was made for")
    cpu_cache_gibibytes: int = Field(default=1, ge=1, le=1024, description="device cpu: memory for conversations")
    tool_parser: str | None = Field(default="hermes", description="how the model words tool calls; None: it has none")
    scaling: Scaling = Scaling()
    prefix_routing: bool | None = Field(default=None, description="None: where there may be several replicas")
    adapters: Adapters | None = None
    batch_milliseconds: int = Field(default=0, ge=0, le=1000, description="tokens that are sent on together")
    engine: dict[str, Any] = Field(default={}, description="further arguments of vLLM's engine")
    environment: dict[str, str] = Field(default={}, description="variables of the engine's processes")

    @property
    def routes_by_prefix(self) -> bool:
        return self.scaling.max_replicas > 1 if self.prefix_routing is None else self.prefix_routing


def configuration(model: LocalModel) -> Mapping[str, Any]:
    """The model as the arguments of `ray.serve.llm.LLMConfig`."""
    return {
        "model_loading_config": {"model_id": model.name, "model_source": model.source},
        "engine_kwargs": _engine(model),
        "deployment_config": _deployment(model),
        "runtime_env": {"env_vars": _environment(model)},
        "experimental_configs": {"stream_batching_interval_ms": model.batch_milliseconds},
        "log_engine_metrics": model.device == "gpu",
        **({"lora_config": _lora(model.adapters)} if model.adapters else {}),
        **({"callback_config": _NO_DOWNLOAD} if model.source.startswith("/") else {}),
        **(
            {"placement_group_config": {"bundles": [{"CPU": 1}]}}
            if model.device == "cpu"
            else {"accelerator_type": model.accelerator_type}
        ),
    }


def _engine(model: LocalModel) -> dict[str, Any]:
    values: dict[str, Any] = {"enable_prefix_caching": True}
    if model.device == "cpu":
        values |= {"dtype": _CPU_DTYPE, "enforce_eager": True}
    else:
        values |= {
            "tensor_parallel_size": model.tensor_parallel,
            "pipeline_parallel_size": model.pipeline_parallel,
        }
    if model.context_tokens is not None:
        values["max_model_len"] = model.context_tokens
    if model.tool_parser is not None:
        values |= {"enable_auto_tool_choice": True, "tool_call_parser": model.tool_parser}
    if model.adapters is not None:
        loaded = model.adapters.loaded
        values |= {
            "enable_lora": True,
            "max_loras": loaded,
            "max_cpu_loras": loaded,
            "max_lora_rank": model.adapters.rank,
        }
    return values | model.engine


def _lora(adapters: Adapters) -> dict[str, Any]:
    remote = "://" in adapters.location
    return {
        "dynamic_lora_loading_path": adapters.location if remote else None,
        "max_num_adapters_per_replica": adapters.loaded,
    }


def _deployment(model: LocalModel) -> dict[str, Any]:
    scaling = model.scaling
    return {
        "max_ongoing_requests": scaling.max_ongoing_requests,
        "max_queued_requests": scaling.max_queued_requests,
        "health_check_period_s": 10,
        "health_check_timeout_s": 60,  # a long prompt on a CPU keeps the engine's process busy
        "graceful_shutdown_timeout_s": 120 if model.device == "gpu" else 10,
        "autoscaling_config": {
            "min_replicas": scaling.min_replicas,
            "initial_replicas": max(scaling.min_replicas, 1),
            "max_replicas": scaling.max_replicas,
            "target_ongoing_requests": scaling.target_ongoing_requests,
            "upscale_delay_s": scaling.upscale_delay_seconds,
            "downscale_delay_s": scaling.downscale_delay_seconds,
        },
        **({"request_router_config": _PREFIX_ROUTING} if model.routes_by_prefix else {}),
    }


def _environment(model: LocalModel) -> dict[str, str]:
    values = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "RAYLLM_ENABLE_REQUEST_PROMPT_LOGS": "0"}
    if model.device == "cpu":
        values["VLLM_CPU_KVCACHE_SPACE"] = str(model.cpu_cache_gibibytes)
        # The sampler alone would be compiled, with a C++ compiler that may not be there, while the first caller waits.
        values["TORCH_COMPILE_DISABLE"] = "1"
    if model.source.startswith("/"):
        values["HF_HUB_OFFLINE"] = "1"  # everything is in the folder
    return values | model.environment
