"""OpenAI's own client against `/v1`, unchanged."""

from __future__ import annotations

import math
from typing import Any

import httpx
import openai
import pytest

from stores.postgres import Database
from tests.integration.courses.support import enrol, publish
from tests.integration.retrieval.support import MEDIAN, OUTLIER, indexing, modules, settled, text
from tests.platform import Account, Platform

MODEL = "azora-default"


def client_of(account: Account, **more: Any) -> openai.AsyncOpenAI:
    """The client, as one would point it at a platform."""
    token = account.http.headers["authorization"].removeprefix("Bearer ")
    transport = httpx.ASGITransport(account.org.platform.host)
    http = httpx.AsyncClient(transport=transport, timeout=30)
    return openai.AsyncOpenAI(api_key=token, base_url="http://azora.test/v1", http_client=http, max_retries=0, **more)


@pytest.fixture(scope="module")
async def learner(platform: Platform) -> Account:
    org = await platform.create_organisation()
    teacher, learner = await org.person("instructor"), await org.person()
    course_id = await publish(teacher, title="Statistics", modules=modules(text("The middle", f"{MEDIAN} {OUTLIER}")))
    await enrol(platform, org, course_id, learner.id)
    system = Database.from_settings(platform.settings, role="azora_system")
    async with indexing(platform.settings):
        await settled(system, course_id)
    await system.close()
    return learner


async def test_models(learner: Account) -> None:
    async with client_of(learner) as client:
        names = [model.id async for model in await client.models.list()]
        assert {MODEL, "azora-embed"} <= set(names)
        assert (await client.models.retrieve(MODEL)).owned_by == "azora"
        with pytest.raises(openai.NotFoundError) as refusal:
            await client.models.retrieve("gpt/none")
        assert refusal.value.code == "model_not_found"


async def test_a_whole_answer(learner: Account) -> None:
    async with client_of(learner) as client:
        answer = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "What is the median?"}]
        )
    assert "not a language model" in (answer.choices[0].message.content or "")
    assert "Statistics" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


async def test_a_streamed_answer_is_the_whole_one(learner: Account) -> None:
    asked: Any = {"model": MODEL, "messages": [{"role": "user", "content": "What is the median?"}]}
    async with client_of(learner) as client:
        whole = await client.chat.completions.create(**asked)
        stream = await client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


async def test_vectors_in_either_form(learner: Account) -> None:
    async with client_of(learner) as client:
        packed = await client.embeddings.create(model="azora-embed", input=["The median is in the middle."])
        plain = await client.embeddings.create(
            model="azora-embed", input="The median is in the middle.", encoding_format="float"
        )
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert math.isclose(sum(x * x for x in plain.data[0].embedding), 1.0, rel_tol=1e-3)


@pytest.mark.parametrize(
    ("body", "error", "code", "param"),
    [
        ({"model": "nothing"}, openai.NotFoundError, "model_not_found", "model"),
        ({"messages": []}, openai.BadRequestError, "invalid_request", "messages"),
        ({"temperature": 3}, openai.BadRequestError, "invalid_request", "temperature"),
        ({"logprobs": True}, openai.BadRequestError, "unsupported_parameter", "logprobs"),
        ({"stop": ["x"]}, openai.BadRequestError, "unsupported_parameter", "stop"),
        ({"extra_headers": {"X-Azora-Feature": "No Word"}}, openai.BadRequestError, "invalid_request", None),
        ({"extra_headers": {"X-Azora-Feature": "agents"}}, openai.BadRequestError, "invalid_request", None),
        ({"extra_headers": {"X-Azora-Course-Id": "x"}}, openai.BadRequestError, "invalid_request", None),
    ],
)
async def test_refusals(
    learner: Account, body: dict[str, Any], error: type[openai.APIStatusError], code: str, param: str | None
) -> None:
    asked: Any = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}
    async with client_of(learner) as client:
        with pytest.raises(error) as refusal:
            await client.chat.completions.create(**{**asked, **body})
    assert (refusal.value.code, refusal.value.param) == (code, param)


async def test_nobody_without_a_token_and_no_body_beyond_its_bound(platform: Platform, learner: Account) -> None:
    for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions"), ("POST", "/v1/embeddings")):
        answer = await platform.http.request(method, path, json={})
        assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    answer = await learner.http.post("/v1/chat/completions", content=b"x" * 5_000_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")
    answer = await learner.http.post("/v1/chat/completions", content=b"[1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


async def test_health_is_open(platform: Platform) -> None:
    assert (await platform.http.get("/v1/health")).json() == {"status": "alive", "service": "llm"}
    ready = await platform.http.get("/v1/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
