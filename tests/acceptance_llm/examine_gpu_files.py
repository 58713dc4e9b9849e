"""Runs where vLLM is installed: what Ray and vLLM make of the Serve files for GPUs, as JSON. No GPU is asked.

vLLM itself is the judge of its engine's arguments: an unknown one is refused here as it would be on the cluster.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from cluster.models.application import llm_config
from cluster.models.values import LocalModel


def examine(application: dict[str, Any]) -> dict[str, Any]:
    """The accelerator's bundles and the engine's arguments, resolved by Ray."""
    config = llm_config(LocalModel.model_validate(application["args"]))
    engine = config.get_engine_config()
    arguments = engine.get_initialization_kwargs()
    _known_to_vllm(arguments)
    return {
        "name": config.model_id,
        "bundles": engine.placement_bundles,
        "arguments": arguments,
        "frontend": engine.frontend_kwargs,
        "router": str(config.deployment_config.get("request_router_config")),
        "adapters": config.lora_config.dynamic_lora_loading_path if config.lora_config else None,
    }


def _known_to_vllm(arguments: dict[str, Any]) -> None:
    from vllm.engine.arg_utils import AsyncEngineArgs

    unknown = arguments.keys() - {field.name for field in dataclasses.fields(AsyncEngineArgs)}
    assert not unknown, unknown


if __name__ == "__main__":
    found = [examine(one) for file in sys.argv[1:] for one in yaml.safe_load(Path(file).read_text())["applications"]]
    json.dump(found, sys.stdout)
