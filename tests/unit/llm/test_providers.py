"""What providers send and understand, without a network."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigurationError
from configs.models import Models, Target
from deployments.llm.conversation import (
    ChatRequest,
    Message,
    ProviderEvent,
    RefusalDelta,
    Reported,
    ResponseFormat,
    Stopped,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolChoice,
    Working,
)
from deployments.llm.errors import (
    ContextTooLong,
    InvalidRequest,
    LlmError,
    RequestRefused,
    UpstreamBusy,
    UpstreamError,
    UpstreamRefused,
    UpstreamUnavailable,
)
from deployments.llm.providers import anthropic, openai_compatible
from deployments.llm.providers.anthropic import Anthropic, Translation
from deployments.llm.providers.http import HttpPool, refusal, retry_after_seconds
from deployments.llm.providers.openai_compatible import OpenAICompatible
from deployments.llm.providers.registry import build_providers

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
CONVERSATION = (
    Message(role="system", text="Be kind"),
    Message(role="user", text="Look twice"),
    Message(
        role="assistant",
        text="Looking",
        tool_calls=(
            ToolCall(id="c1", name="look", arguments='{"at": 1}'),
            ToolCall(id="c2", name="look", arguments=""),
        ),
    ),
    Message(role="tool", text="one", tool_call_id="c1"),
    Message(role="tool", text="two", tool_call_id="c2"),
)


def claude(**more: Any) -> Anthropic:
    return Anthropic(Target(provider="anthropic", base_url="https://x", model="claude", **more), HttpPool())


def openai(**more: Any) -> OpenAICompatible:
    return OpenAICompatible(Target(provider="openai", base_url="https://x/v1", model="gpt", **more), HttpPool())


def asked(**more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=CONVERSATION, max_tokens=9, **more)


LOOK = Tool(name="look", description="Looks", parameters={"type": "object"}, strict=True)
SCHEMA = ResponseFormat(kind="json_schema", name="n", schema={"type": "object"}, strict=True)


def test_openai_s_request() -> None:
    body = orjson.loads(
        openai()._body(asked(tools=(LOOK,), tool_choice=ToolChoice(mode="named", name="look"), response_format=SCHEMA,
                             temperature=0.0, stop=("x",), parallel_tool_calls=False))
    )  # fmt: skip
    assert body["messages"][0] == {"role": "system", "content": "Be kind"}
    assert body["messages"][2]["tool_calls"][1]["function"] == {"name": "look", "arguments": ""}
    assert body["messages"][3] == {"role": "tool", "content": "one", "tool_call_id": "c1"}
    assert body["tools"][0]["function"]["strict"] is True
    assert body["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    assert body["response_format"]["json_schema"] == {"name": "n", "schema": {"type": "object"}, "strict": True}
    assert (body["temperature"], body["stop"], body["max_tokens"]) == (0.0, ["x"], 9)
    assert body["parallel_tool_calls"] is False
    own = OpenAICompatible(Target(provider="openai", base_url="https://api.openai.com/v1", model="gpt"), HttpPool())
    assert orjson.loads(own._body(asked()))["max_completion_tokens"] == 9


def test_anthropic_s_request() -> None:
    body = claude()._body(
        asked(tools=(LOOK,), tool_choice=ToolChoice(mode="required"), parallel_tool_calls=False,
              response_format=SCHEMA, reasoning_effort="low", stop=("x",))
    )  # fmt: skip
    assert body["system"] == "Be kind"
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in body["messages"][1]["content"]] == ["text", "tool_use", "tool_use"]
    assert [block["input"] for block in body["messages"][1]["content"][1:]] == [{"at": 1}, {}]
    assert [block["tool_use_id"] for block in body["messages"][2]["content"]] == ["c1", "c2"]
    assert body["tools"] == [
        {"name": "look", "input_schema": {"type": "object"}, "description": "Looks", "strict": True}
    ]
    assert body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"}
    assert (body["max_tokens"], body["stop_sequences"], body["stream"]) == (9, ("x",), True)
    assert "temperature" not in body
    older = claude(api_version="2023-06-01")
    assert older._body(asked(temperature=0.5))["temperature"] == 0.5


def test_what_anthropic_does_not_honour_is_said() -> None:
    newer, older = claude(), claude(api_version="2023-06-01")
    assert newer.unsupported(asked(temperature=0.0)) == "temperature"
    assert newer.unsupported(asked(temperature=1.0, top_p=1.0)) is None
    assert older.unsupported(asked(temperature=0.0, top_p=0.3)) is None
    assert older.unsupported(asked(temperature=1.5)) == "temperature"
    assert newer.unsupported(asked(seed=1)) == "seed"
    assert newer.unsupported(asked(response_format=ResponseFormat(kind="json_object"))) == "response_format"
    assert newer.unsupported(asked(reasoning_effort="minimal")) == "reasoning_effort"


def test_arguments_that_are_no_json_are_the_caller_s_fault() -> None:
    broken = Message(role="assistant", tool_calls=(ToolCall(id="c", name="n", arguments="{"),))
    with pytest.raises(InvalidRequest):
        anthropic.turns([broken])


def tool_use(index: int, id_: str, name: str) -> dict[str, Any]:
    block = {"type": "tool_use", "id": id_, "name": name, "input": {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


STREAM: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 10, "cache_read_input_tokens": 5,
                                                    "cache_creation_input_tokens": 2, "output_tokens": 1}}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
    {"type": "ping"},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 1},
    tool_use(2, "t1", "look"),
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": ""}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'}},
    {"type": "content_block_stop", "index": 2},
    tool_use(3, "t2", "nop"),
    {"type": "content_block_stop", "index": 3},
    {"type": "something_new"},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"},
     "usage": {"output_tokens": 20, "output_tokens_details": {"thinking_tokens": 4}}},
    {"type": "message_stop"},
]  # fmt: skip


def translated(events: list[dict[str, Any]]) -> tuple[list[ProviderEvent], bool]:
    translation, found, last = Translation(), list[ProviderEvent](), False
    for event in events:
        last = translation.read(orjson.dumps(event), found)
    return found, last


def test_anthropic_s_stream() -> None:
    found, last = translated(STREAM)
    assert last
    assert [event for event in found if not isinstance(event, Working)] == [
        Reported(17, None, 5, 2),
        TextDelta("Hi"),
        ToolCallDelta(0, "t1", "look", ""),
        ToolCallDelta(0, None, None, '{"a":1}'),
        ToolCallDelta(1, "t2", "nop", ""),
        ToolCallDelta(1, None, None, "{}"),
        Reported(17, 20, 5, 2, 4),
        Stopped("tool_calls"),
    ]
    assert sum(isinstance(event, Working) for event in found) == 4, "the ping before the beginning says nothing"


def test_a_refusal_of_claude_s() -> None:
    details = {"type": "refusal", "explanation": "No."}
    found, _ = translated([{"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details}}])
    assert found[1:] == [RefusalDelta("No."), Stopped("content_filter")]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", UpstreamUnavailable),
        ("rate_limit_error", UpstreamBusy),
        ("authentication_error", UpstreamRefused),
        ("invalid_request_error", RequestRefused),
        ("api_error", UpstreamUnavailable),
        ("something_new", UpstreamUnavailable),
    ],
)
def test_errors_in_anthropic_s_stream(kind: str, error: type[LlmError]) -> None:
    with pytest.raises(error):
        translated([{"type": "error", "error": {"type": kind, "message": "m"}}])


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**62) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "content",
                    "usage",
                    "tool_calls",
                    "function",
                    "index",
                    "error",
                    "finish_reason",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
kinds = st.sampled_from([event["type"] for event in STREAM] + ["error"])


@given(anything, kinds)
def test_whatever_is_sent_only_our_errors_come_out(value: Any, kind: str) -> None:
    for read, content in (
        (openai_compatible.translate, value),
        (openai_compatible.translate, {"choices": [{"delta": value, "finish_reason": "stop"}], "usage": None}),
        (Translation().read, value),
        (Translation().read, {"type": kind, "delta": value, "message": value, "content_block": value, "error": value}),
    ):
        events: list[ProviderEvent] = []
        with suppress(LlmError):
            read(orjson.dumps(content), events)
        for event in events:
            assert not isinstance(event, TextDelta) or isinstance(event.text, str)


@pytest.mark.parametrize(
    ("status", "code", "message", "error"),
    [
        (429, "", "", UpstreamBusy),
        (500, "", "", UpstreamUnavailable),
        (529, "", "", UpstreamUnavailable),
        (408, "", "", UpstreamUnavailable),
        (400, "context_length_exceeded", "", ContextTooLong),
        (400, "", "This model's maximum context length is 2048 tokens.", ContextTooLong),
        (400, "invalid_request_error", "prompt is too long: 5 tokens > 4 maximum", ContextTooLong),
        (413, "", "", ContextTooLong),
        (400, "", "no", RequestRefused),
        (422, "", "no", RequestRefused),
        (401, "", "secret account name", UpstreamRefused),
        (404, "", "", UpstreamRefused),
        (302, "", "", UpstreamRefused),
        (204, "", "", UpstreamRefused),
    ],
)
def test_refusals_by_status(status: int, code: str, message: str, error: type[LlmError]) -> None:
    found = refusal(status, code, message, 3.0)
    assert type(found) is error
    if isinstance(found, UpstreamError):
        assert "secret" not in found.detail
        assert found.upstream_status == status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after-ms": "x"}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds


def test_a_target_without_a_provider_is_a_mistake() -> None:
    target = {"provider": "vllm", "model": "a"}
    models = Models.model_validate({"targets": {"a": target}, "models": {"m": {"targets": [["a"]]}}})
    with pytest.raises(ConfigurationError, match=r"targets\.a: vllm"):
        build_providers(models, HttpPool(), {})
