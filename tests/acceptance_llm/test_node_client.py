"""OpenAI's Node client against the real small model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance_llm.conftest import ANSWER_SECONDS, MODEL, LlmPlatform

HERE = Path(__file__).with_name("node")


def test_the_node_client(llm_platform: LlmPlatform, token: str, tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.fail("the Node client needs Node.js and npm")
    for file in HERE.iterdir():
        shutil.copy(file, tmp_path)
    subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=tmp_path, check=True, capture_output=True, timeout=ANSWER_SECONDS,
    )  # fmt: skip
    given = {"OPENAI_BASE_URL": f"{llm_platform.base_url}/v1", "OPENAI_API_KEY": token, "MODEL": MODEL}
    ran = subprocess.run(
        ["node", "client.mjs"],
        cwd=tmp_path,
        env={**os.environ, **given},
        text=True,
        capture_output=True,
        timeout=ANSWER_SECONDS,
    )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert MODEL in seen["models"]
    assert "Paris" in seen["whole"]
    assert seen["streamed"] == seen["whole"]
    assert seen["chunks"] > 3
    assert seen["usage"]["total_tokens"] == seen["usage"]["prompt_tokens"] + seen["usage"]["completion_tokens"]
    assert seen["tool"] == "weather"
    assert seen["arguments"]["city"] in ("Paris", "Rome")
    assert seen["structured"]["grade"] in ("pass", "fail")
    assert seen["refused"] == 404
