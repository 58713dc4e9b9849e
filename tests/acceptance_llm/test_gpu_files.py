"""The Serve files for GPUs, as far as they can be judged without one: by Ray's and vLLM's own classes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.acceptance_llm.conftest import ANSWER_SECONDS, LlmPlatform

ROOT = Path(__file__).parents[2]


def test_ray_and_vllm_understand_them(llm_platform: LlmPlatform) -> None:
    one, several = _examined(llm_platform, "serve.llm.gpu.yaml", "serve.llm.gpus.yaml")
    assert one["name"] == "qwen3-8b"
    assert [bundle["GPU"] for bundle in one["bundles"]] == [1]
    assert "accelerator_type:L4" in one["bundles"][0]
    assert one["frontend"]["tool_call_parser"] == "hermes"
    assert "PrefixCacheAffinityRouter" in one["router"]

    assert [bundle["GPU"] for bundle in several["bundles"]] == [1, 1, 1, 1]
    assert several["arguments"]["tensor_parallel_size"] == 4
    assert several["arguments"]["enable_lora"] is True
    assert several["adapters"] == "s3://school-adapters/llama-3.3-70b"


def _examined(platform: LlmPlatform, *files: str) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [platform.python, "-m", "tests.acceptance_llm.examine_gpu_files", *(str(ROOT / "configs" / f) for f in files)],
        cwd=ROOT, text=True, capture_output=True, timeout=ANSWER_SECONDS,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(ran.stdout[ran.stdout.index("[{") :])
    return found
