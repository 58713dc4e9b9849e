"""The engine's process is killed. The last of these tests by its name: a new engine takes more than a minute."""

from __future__ import annotations

import openai
import pytest

from tests.acceptance_llm.conftest import MODEL, LlmPlatform
from tests.acceptance_llm.test_running import LONG, engine_processes


def test_the_engine_is_killed_in_mid_answer(llm_platform: LlmPlatform, client: openai.OpenAI) -> None:
    """The stream ends with an error that the client sees; the default falls back to quoting, and the name says why."""
    stream = client.chat.completions.create(model=MODEL, messages=LONG, max_tokens=4000, stream=True)  # type: ignore[call-overload]
    next(stream)
    for process in engine_processes(llm_platform):
        process.kill()
    with pytest.raises(openai.APIError):
        list(stream)

    answer = client.chat.completions.create(
        model="azora-default", messages=[{"role": "user", "content": "What is memory?"}], max_tokens=300
    )
    assert "not a language model" in (answer.choices[0].message.content or "")
    with pytest.raises(openai.APIStatusError) as refusal:
        client.chat.completions.create(model=MODEL, messages=LONG, max_tokens=8)  # type: ignore[arg-type]
    assert refusal.value.status_code in (502, 503)
