"""Requests in OpenAI's form: understood, refused with the right name, never half honoured."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import AzoraError
from deployments.kit.errors import InvalidToken, TooManyRequests
from deployments.llm.api.errors import FORM, error_body
from deployments.llm.api.schemas import ChatQuestion, parse_chat, parse_embeddings
from deployments.llm.conversation import Message, ResponseFormat, Tool, ToolCall, ToolChoice
from deployments.llm.errors import InvalidRequest, UnsupportedParameter, UpstreamBusy

HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}, "strict": True}}


def parse(**more: Any) -> ChatQuestion:
    return parse_chat(orjson.dumps({**HELLO, **more}))


def test_the_least_and_the_most() -> None:
    least = parse()
    assert (least.request.messages, least.stream) == ((Message(role="user", text="Hello"),), False)
    most = parse(
        stream=True,
        stream_options={"include_usage": True, "include_obfuscation": False},
        tools=[LOOK],
        tool_choice={"type": "function", "function": {"name": "look"}},
        parallel_tool_calls=False,
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
        max_completion_tokens=5,
        temperature=1,
        top_p=0.5,
        presence_penalty=-1,
        frequency_penalty=1.5,
        seed=7,
        stop="END",
        reasoning_effort="low",
        user="someone",
        metadata={"a": "b"},
        n=1,
        logprobs=False,
        store=False,
        service_tier="auto",
        logit_bias=None,
        modalities=["text"],
    )
    request = most.request
    assert (most.stream, most.include_usage, request.max_tokens, request.stop) == (True, True, 5, ("END",))
    assert request.tools == (Tool(name="look", parameters={"type": "object"}, strict=True),)
    assert request.tool_choice == ToolChoice(mode="named", name="look")
    assert request.response_format == ResponseFormat(kind="json_schema", name="a", schema={"type": "object"})


def test_a_conversation_with_tools_as_clients_send_it_back() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    echoed = {"role": "assistant", "content": None, "refusal": None, "annotations": [], "audio": None,
              "function_call": None, "tool_calls": [call]}  # fmt: skip
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    messages = [{"role": "developer", "content": "Be kind"}, {"role": "user", "content": parts}, echoed,
                {"role": "tool", "tool_call_id": "c1", "content": "seen"}]  # fmt: skip
    assert parse(messages=messages).request.messages == (
        Message(role="system", text="Be kind"),
        Message(role="user", text="a\nb"),
        Message(role="assistant", tool_calls=(ToolCall(id="c1", name="look", arguments="{}"),)),
        Message(role="tool", text="seen", tool_call_id="c1"),
    )


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"store": True}, "store"),
        ({"service_tier": "priority"}, "service_tier"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": []}, "functions"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(more: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        parse(**more)
    assert caught.value.param == param


IMAGE = [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "string"),
        ({"messages": [{"role": "user", "content": IMAGE}]}, "messages[0].content", "type text"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0]", "role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "required"),
        ({"temperature": 3}, "temperature", "less than"),
        ({"temperature": "1"}, "temperature", "number"),
        ({"max_tokens": 0}, "max_tokens", "greater"),
        ({"max_tokens": 1, "max_completion_tokens": 1}, None, "one of them"),
        ({"stream_options": {"include_usage": True}}, None, "belongs to stream"),
        ({"tool_choice": "required"}, None, "needs tools"),
        ({"tools": [{**LOOK, "function": {"name": "a b"}}]}, "tools[0].function.name", "pattern"),
        ({"stop": ["a"] * 5}, None, "at most 4"),
        ({"response_format": {"type": "json_schema"}}, "response_format", "belongs"),
        ({"model": 4}, "model", "string"),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, Any], param: str | None, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**more)
    assert caught.value.param == param
    assert words in caught.value.detail


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b'{"model": "\\ud800"}', b"\xff"])
def test_what_is_no_object(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_chat(body)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    ["model", "messages", "tools", "tool_choice", "stop", "stream", "stream_options", "response_format", "n", "user"]
)


@given(st.dictionaries(fields, anything, max_size=6))
def test_no_body_is_a_bug(body: dict[str, Any]) -> None:
    for parser in (parse_chat, parse_embeddings):
        with suppress(InvalidRequest, UnsupportedParameter):
            parser(orjson.dumps({**HELLO, **body}))


def test_embeddings() -> None:
    asked = parse_embeddings(b'{"model": "e", "input": ["a", "b"], "encoding_format": "base64", "user": "u"}')
    assert (asked.request.texts, asked.base64) == (("a", "b"), True)
    assert parse_embeddings(b'{"model": "e", "input": "a"}').request.texts == ("a",)
    for wrong in ("[]", '""', "[1, 2]", '["a", ""]', "[[1]]"):
        with pytest.raises(InvalidRequest):
            parse_embeddings(b'{"model": "e", "input": ' + wrong.encode() + b"}")


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (UnsupportedParameter.of("n"), 400, "invalid_request_error", "unsupported_parameter"),
        (InvalidToken(), 401, "authentication_error", "invalid_token"),
        (TooManyRequests(3), 429, "rate_limit_error", "too_many_requests"),
        (UpstreamBusy(retry_after_seconds=1.2), 429, "rate_limit_error", "upstream_rate_limited"),
        (AzoraError(), 500, "server_error", "internal"),
    ],
)
def test_errors_in_openai_s_form(error: AzoraError, status: int, kind: str, code: str) -> None:
    found, headers, body = FORM.render(error)
    assert (found, orjson.loads(body)) == (status, error_body(error))
    assert orjson.loads(body)["error"] == {
        "message": error.detail,
        "type": kind,
        "param": error.extra.get("param"),
        "code": code,
    }
    if isinstance(error, UpstreamBusy):
        assert headers["retry-after"] == "2"
