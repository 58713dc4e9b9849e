"""A LoRA adapter changes what its organisation hears, and nobody else does."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

import httpx
import jwt

from tests.acceptance_llm.conftest import ANSWER_SECONDS, MODEL, LlmPlatform, client_of
from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
PASSWORD = secrets.token_urlsafe(12)


def member(platform: LlmPlatform, slug: str) -> tuple[str, str]:
    """A new organisation's id, and an access token of somebody in it."""
    platform.azora("admin", "create-organisation", slug, slug.title())
    subprocess.run(
        [platform.python, "-m", "cluster", "admin", "create-user", slug, f"one@{slug}.example"],
        env={**os.environ, "AZORA_HOME": str(platform.home), "AZORA_NEW_PASSWORD": PASSWORD},
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    with httpx.Client(base_url=platform.base_url, trust_env=False, timeout=PATIENCE_SECONDS) as http:
        credentials = {"organisation": slug, "email": f"one@{slug}.example", "password": PASSWORD}
        token = http.post("/api/sessions", json=credentials).raise_for_status().json()["access_token"]
    return jwt.decode(token, options={"verify_signature": False})["org"], token


def said(platform: LlmPlatform, token: str) -> str:
    with client_of(platform, token) as client:
        answer = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "What is the capital of France?"}],
            temperature=0,
            max_tokens=12,
        )
    return answer.choices[0].message.content or ""


def test_an_adapter_answers_its_own_organisation_alone(llm_platform: LlmPlatform) -> None:
    suffix = secrets.token_hex(4)
    theirs, with_adapter = member(llm_platform, f"with-{suffix}")
    _, without = member(llm_platform, f"without-{suffix}")
    assert "Paris" in said(llm_platform, with_adapter)  # it has none yet
    subprocess.run(
        [llm_platform.python, "-m", "tests.acceptance_llm.make_adapter",
         str(llm_platform.home / "models" / MODEL), str(llm_platform.adapters / theirs)],
        cwd=ROOT, check=True, capture_output=True, timeout=ANSWER_SECONDS,
    )  # fmt: skip
    assert "Paris" not in said(llm_platform, with_adapter)
    assert "Paris" in said(llm_platform, without)
