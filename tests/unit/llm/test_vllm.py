"""The provider of local models, with an engine that says what it is told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import pytest

from configs.models import Target
from deployments.llm.conversation import (
    Accepted,
    Asker,
    ChatRequest,
    EmbeddingRequest,
    Message,
    ProviderEvent,
    Reported,
    Stopped,
    TextDelta,
)
from deployments.llm.errors import (
    ContextTooLong,
    LlmError,
    RequestRefused,
    UnsupportedParameter,
    UpstreamBroken,
    UpstreamUnavailable,
)
from deployments.llm.providers.vllm import EngineRequest, Vllm

ORG = UUID(int=7)
TARGET = Target(provider="vllm", model="small", region="cluster")


@dataclass
class ScriptedEngine:
    """Gives these payloads, then raises; remembers what it was asked and whether it was left."""

    batches: Sequence[Sequence[bytes]] = ()
    error: Exception | None = None
    asked: list[EngineRequest] = field(default_factory=list)
    closed: bool = False

    async def converse(self, request: EngineRequest) -> AsyncGenerator[Sequence[bytes], None]:
        self.asked.append(request)
        try:
            for batch in self.batches:
                yield batch
            if self.error is not None:
                raise self.error
        finally:
            self.closed = True


def chunk(text: str = "", reason: str | None = None, **more: object) -> bytes:
    return orjson.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}], **more})


def request(**more: object) -> ChatRequest:
    asker = Asker(org_id=ORG, user_id=None, any_course=False)
    messages = (Message(role="system", text="Be brief."), Message(role="user", text="Hello"))
    return ChatRequest(model="small", messages=messages, max_tokens=10, asker=asker, **more)  # type: ignore[arg-type]


async def said(engine: ScriptedEngine) -> list[ProviderEvent]:
    return [event async for events in Vllm(TARGET, engine).chat(request()) for event in events]


async def test_an_answer() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    engine = ScriptedEngine([[chunk("He")], [chunk("llo", usage=usage), chunk(reason="stop")], [b"[DONE]"]])
    reported = Reported(prompt_tokens=5, completion_tokens=2)
    assert await said(engine) == [Accepted(), TextDelta("He"), TextDelta("llo"), reported, Stopped("stop")]


async def test_what_crosses_to_the_engine() -> None:
    engine = ScriptedEngine([[chunk("x", "stop")]])
    await said(engine)
    (asked,) = engine.asked
    body = orjson.loads(asked.body)
    assert body["max_completion_tokens"] == 10
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True, "continuous_usage_stats": True}
    assert asked.organisation == str(ORG)
    assert body["cache_salt"] == str(ORG)  # one organisation's cache tells another nothing
    assert asked.prompt == "Be brief.\nHello"


async def test_only_the_beginning_decides_about_the_replica() -> None:
    engine = ScriptedEngine([[chunk("x", "stop")]])
    long = ChatRequest(model="small", messages=(Message(role="user", text="a" * 100_000),), max_tokens=1)
    async for _ in Vllm(TARGET, engine).chat(long):
        pass
    assert len(engine.asked[0].prompt) == 8_000
    assert engine.asked[0].organisation is None


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (400, "This model's maximum context length is 4096 tokens", ContextTooLong),
        (400, "tools: Input should be a valid list", RequestRefused),
        (500, "the engine is dead", UpstreamUnavailable),
    ],
)
async def test_what_vllm_complains_of(code: int, message: str, error: type[LlmError]) -> None:
    complaint = orjson.dumps({"error": {"code": code, "type": "BadRequestError", "message": message}})
    with pytest.raises(error):
        await said(ScriptedEngine([[complaint]]))


async def until_it_fails(engine: ScriptedEngine) -> tuple[list[ProviderEvent], LlmError]:
    events: list[ProviderEvent] = []
    try:
        async for batch in Vllm(TARGET, engine).chat(request()):
            events.extend(batch)
    except LlmError as error:
        return events, error
    raise AssertionError("it did not fail")


async def test_a_refused_request_was_not_accepted() -> None:
    complaint = orjson.dumps({"error": {"code": 400, "type": "BadRequestError", "message": "no"}})
    events, error = await until_it_fails(ScriptedEngine([[complaint]]))
    assert events == []
    assert isinstance(error, RequestRefused)


async def test_what_came_before_a_failure_is_given() -> None:
    events, error = await until_it_fails(ScriptedEngine([[chunk("He")]], UpstreamBroken("gone")))
    assert events == [Accepted(), TextDelta("He")]
    assert isinstance(error, UpstreamBroken)


async def test_no_answer_is_a_broken_one() -> None:
    with pytest.raises(UpstreamBroken):
        await said(ScriptedEngine())


async def test_leaving_early_leaves_the_engine() -> None:
    engine = ScriptedEngine([[chunk("a")], [chunk("b")]])
    stream = Vllm(TARGET, engine).chat(request())
    await anext(stream)
    await stream.aclose()
    assert engine.closed


async def test_it_has_no_vectors() -> None:
    with pytest.raises(UnsupportedParameter):
        await Vllm(TARGET, ScriptedEngine()).embed(EmbeddingRequest(model="small", texts=("x",)))
