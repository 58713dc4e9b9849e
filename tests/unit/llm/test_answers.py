"""Answers in OpenAI's form: the bytes agree with the schemas."""

from __future__ import annotations

import base64
import struct

import orjson

from deployments.llm.api.answers import (
    ChatCompletion,
    EmbeddingList,
    Head,
    ModelList,
    completion_body,
    embeddings_body,
    models_body,
)
from deployments.llm.api.sse import ChunkEncoder, error_event
from deployments.llm.conversation import (
    Completion,
    Embeddings,
    Event,
    Finish,
    RefusalDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from deployments.llm.errors import UpstreamBroken

HEAD = Head("chatcmpl-1", 1_700_000_000, 'm"odel')
USAGE = Usage(3, 4, cached_tokens=1, reasoning_tokens=2, estimated=True)


def test_a_whole_answer() -> None:
    calls = (ToolCall(id="c1", name="look", arguments="{}"),)
    body = completion_body(Completion(text="", refusal="", tool_calls=calls, reason="tool_calls", usage=USAGE), HEAD)
    found = ChatCompletion.model_validate_json(body)
    assert found.choices[0].message.content is None
    assert found.choices[0].message.tool_calls is not None
    assert (found.usage.total_tokens, found.usage.estimated) == (7, True)
    plain = completion_body(Completion(text="hi", refusal="", tool_calls=(), reason="stop", usage=Usage(1, 1)), HEAD)
    assert "tool_calls" not in orjson.loads(plain)["choices"][0]["message"]
    assert "estimated" not in orjson.loads(plain)["usage"]


def chunks(*events: Event, include_usage: bool) -> list[object]:
    encoder = ChunkEncoder(HEAD, include_usage=include_usage)
    content = encoder.start() + b"".join(encoder.event(event) for event in events)
    parts = content.split(b"\n\n")
    assert parts[-2:] == [b"data: [DONE]", b""]
    found = [orjson.loads(part.removeprefix(b"data: ")) for part in parts[:-2]]
    for each in found:
        assert {key: each.pop(key) for key in ("id", "object", "created", "model")} == {
            "id": HEAD.id,
            "object": "chat.completion.chunk",
            "created": HEAD.created,
            "model": HEAD.model,
        }
    return found


def choice(delta: object, reason: str | None = None) -> object:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]


def test_a_stream() -> None:
    end = Finish("stop", USAGE)
    found = chunks(TextDelta('a "b"\n'), RefusalDelta("no"), ToolCallDelta(0, "c1", "look", ""),
                   ToolCallDelta(0, arguments="{}"), end, include_usage=False)  # fmt: skip
    called = {"index": 0, "function": {"name": "look", "arguments": ""}, "id": "c1", "type": "function"}
    assert found == [
        {"choices": choice({"role": "assistant", "content": "", "refusal": None})},
        {"choices": choice({"content": 'a "b"\n'})},
        {"choices": choice({"refusal": "no"})},
        {"choices": choice({"tool_calls": [called]})},
        {"choices": choice({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]})},
        {"choices": choice({}, "stop")},
    ]


def test_usage_is_null_in_every_chunk_but_the_last() -> None:
    found = chunks(TextDelta("a"), Finish("length", USAGE), include_usage=True)
    assert [each["usage"] for each in found[:-1]] == [None] * 3  # type: ignore[index]
    assert found[-1]["choices"] == []  # type: ignore[index]
    assert found[-1]["usage"]["total_tokens"] == 7  # type: ignore[index]


def test_a_stream_that_broke() -> None:
    event = error_event(UpstreamBroken())
    assert event.endswith(b"\n\n")
    assert orjson.loads(event.removeprefix(b"data: "))["error"]["code"] == "upstream_broken"


def test_vectors() -> None:
    embeddings = Embeddings(vectors=[[0.5, -1.0], [2.0, 3.0]], usage=Usage(9))
    body = EmbeddingList.model_validate_json(embeddings_body(embeddings, "e", as_base64=False))
    assert [vector.embedding for vector in body.data] == [[0.5, -1.0], [2.0, 3.0]]
    packed = EmbeddingList.model_validate_json(embeddings_body(embeddings, "e", as_base64=True)).data[1].embedding
    assert isinstance(packed, str)
    assert struct.unpack("<2f", base64.b64decode(packed)) == (2.0, 3.0)
    assert body.usage.total_tokens == 9


def test_models() -> None:
    assert [model.id for model in ModelList.model_validate_json(models_body(["a", "b"], "azora", 5)).data] == ["a", "b"]
