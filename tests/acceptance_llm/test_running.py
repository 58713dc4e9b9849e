"""The model beside the rest of the platform: what operators see of it, and what happens when a client leaves."""

from __future__ import annotations

import time

import httpx
import openai
import psutil

from cluster.embedded import Home
from cluster.installation import read_running
from tests.acceptance_llm.conftest import MODEL, LlmPlatform
from tests.patience import PATIENCE_SECONDS

LONG = [{"role": "user", "content": "Write a long story about a ship that sails around the world, in ten chapters."}]


def engine_processes(platform: LlmPlatform) -> list[psutil.Process]:
    """vLLM's own processes, which do the computing."""
    running = read_running(Home(platform.home))
    assert running is not None
    children = psutil.Process(running.pid).children(recursive=True)
    return [child for child in children if "VLLM" in " ".join(child.cmdline())]


def cpu_seconds(platform: LlmPlatform) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in engine_processes(platform))


def busy_share(platform: LlmPlatform, seconds: float) -> float:
    before, began = cpu_seconds(platform), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(platform) - before) / (time.monotonic() - began)


def test_ready_and_status_tell_of_it(llm_platform: LlmPlatform) -> None:
    ready = httpx.get(f"{llm_platform.base_url}/v1/ready", timeout=PATIENCE_SECONDS, trust_env=False).json()
    assert ready["dependencies"][f"model {MODEL}"]["status"] == "up"
    status = llm_platform.azora("status").stdout
    assert f"Language model: {MODEL} (cpu)" in status
    assert f"model {MODEL}" in status


def test_it_is_listed_with_its_licence(llm_platform: LlmPlatform) -> None:
    assert "Apache-2.0" in llm_platform.azora("models", "list").stdout


def test_the_default_is_answered_by_it(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="azora-default", messages=[{"role": "user", "content": "Say hello."}], max_tokens=8
    )
    assert "not a language model" not in (answer.choices[0].message.content or "")


def test_when_the_client_leaves_the_engine_stops(llm_platform: LlmPlatform, client: openai.OpenAI) -> None:
    """Seen from outside: its processes compute while the answer flows, and soon after the client has gone no more."""
    stream = client.chat.completions.create(model=MODEL, messages=LONG, max_tokens=4000, stream=True)  # type: ignore[call-overload]
    for _, _chunk in zip(range(5), stream, strict=False):
        pass
    busy = busy_share(llm_platform, 1.5)
    stream.close()
    give_up_at = time.monotonic() + PATIENCE_SECONDS  # the whole answer would take minutes
    while (idle := busy_share(llm_platform, 2)) >= busy / 3:
        assert time.monotonic() < give_up_at, f"busy {busy:.2f} while it flowed, {idle:.2f} afterwards"
