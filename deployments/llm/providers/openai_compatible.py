"""Any server that speaks OpenAI's API: OpenAI itself, Ollama, vLLM elsewhere, and many more.

Streams as OpenAI's reference of `chat.completion.chunk` describes them, and as servers that differ in small things send
them: usage with `choices` null, tool calls without an index, no `[DONE]`, an `error` object in the stream.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import orjson

from configs.models import Target
from deployments.llm.conversation import (
    NOTHING,
    ChatRequest,
    EmbeddingRequest,
    Embeddings,
    FinishReason,
    Message,
    ProviderEvent,
    RefusalDelta,
    Reported,
    ResponseFormat,
    Stopped,
    TextDelta,
    Tool,
    ToolCallDelta,
    ToolChoice,
    Usage,
    Working,
)
from deployments.llm.errors import UpstreamBroken
from deployments.llm.providers.http import HttpPool, Upstream, refusal, relay

_DONE = b"[DONE]"
_REASONS: dict[str, FinishReason] = {
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_PLAIN = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "reasoning_effort")
_REASONING = {"reasoning_content", "reasoning"}  # as vLLM and others name what OpenAI does not show
_RATE_WORDS = ("rate_limit", "quota")


class OpenAICompatible:
    """One model of one server."""

    def __init__(self, target: Target, pool: HttpPool) -> None:
        assert target.base_url is not None, "the table requires it"
        key = target.api_key()
        headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        connect = target.timeouts.connect.total_seconds()
        self._upstream = Upstream(pool, target.base_url, headers, connect, read_error)
        self._target = target
        own = "://api.openai.com" in target.base_url  # its newer models know only the newer name
        self._limit = target.token_limit_parameter or ("max_completion_tokens" if own else "max_tokens")

    def unsupported(self, request: ChatRequest) -> str | None:
        """Nothing by nature; which parameters a model takes is the target's to say."""
        return None

    def chat(self, request: ChatRequest) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        return relay(self._upstream, "chat/completions", self._body(request), translate)

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        body: dict[str, Any] = {"model": self._target.model, "input": request.texts, "encoding_format": "float"}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        answer = await self._upstream.fetch("embeddings", orjson.dumps(body))
        try:
            vectors = [entry["embedding"] for entry in sorted(answer["data"], key=lambda entry: int(entry["index"]))]
            counted = answer.get("usage") or {}
            tokens = counted.get("prompt_tokens")
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise UpstreamBroken("The upstream's answer cannot be read") from error
        if len(vectors) != len(request.texts) or not all(isinstance(vector, list) for vector in vectors):
            raise UpstreamBroken("The upstream's answer has another number of vectors")
        return Embeddings(vectors=vectors, usage=NOTHING if tokens is None else Usage(_count(tokens)))

    def _body(self, request: ChatRequest) -> bytes:
        assert self._target.model is not None, "the table requires it"
        return orjson.dumps(chat_body(request, self._target.model, self._limit, self._target.continuous_usage))


def chat_body(request: ChatRequest, model: str, limit_parameter: str, continuous_usage: bool) -> dict[str, Any]:
    """A streamed chat completion as OpenAI's reference words it, to be encoded as JSON.

    `limit_parameter` is the name under which the upstream takes `max_tokens`.
    """
    options: dict[str, Any] = {"include_usage": True}
    if continuous_usage:
        options["continuous_usage_stats"] = True
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "stream_options": options,
        limit_parameter: request.max_tokens,
    }
    for name in _PLAIN:
        if (value := getattr(request, name)) is not None:
            body[name] = value
    if request.stop:
        body["stop"] = request.stop
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.tool_choice is not None:
        body["tool_choice"] = _choice(request.tool_choice)
    if request.response_format is not None:
        body["response_format"] = _format(request.response_format)
    return body


def _message(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.name is not None:
        body["name"] = message.name
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        body["content"] = message.text or None
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return body


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _tool(tool: Tool) -> dict[str, Any]:
    function = _given(name=tool.name, description=tool.description, parameters=tool.parameters, strict=tool.strict)
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice) -> Any:
    return {"type": "function", "function": {"name": choice.name}} if choice.mode == "named" else choice.mode


def _format(wanted: ResponseFormat) -> dict[str, Any]:
    if wanted.kind == "json_object":
        return {"type": "json_object"}
    schema = _given(name=wanted.name, description=wanted.description, schema=wanted.schema, strict=wanted.strict)
    return {"type": "json_schema", "json_schema": schema}


def read_error(body: Any) -> tuple[str, str]:
    """Code and message of an error body; vLLM's older form has them at the top."""
    error = body.get("error", body)
    if isinstance(error, str):
        return "", error
    return str(error.get("code") or error.get("type") or ""), str(error.get("message") or "")


def translate(payload: bytes, events: list[ProviderEvent]) -> bool:
    """Append what one chunk says; whether it was the last.

    Raises `UpstreamBroken` where it is no chunk, or what an `error` in it means.
    """
    if payload == _DONE:
        return True
    try:
        chunk = orjson.loads(payload)
        if chunk.get("error"):
            raise _failure(chunk)
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                _read_choice(choice, events)
        if usage := chunk.get("usage"):
            events.append(_reported(usage))
        return False
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UpstreamBroken("The upstream sent a chunk that cannot be read") from error


def _read_choice(choice: Any, events: list[ProviderEvent]) -> None:
    for name, value in (choice.get("delta") or {}).items():
        if not value:
            continue
        if name == "content":
            events.append(TextDelta(_text(value)))
        elif name == "tool_calls":
            events.extend(_tool_call(call, position) for position, call in enumerate(value))
        elif name == "refusal":
            events.append(RefusalDelta(_text(value)))
        elif name in _REASONING:
            events.append(Working())
    if reason := choice.get("finish_reason"):
        events.append(Stopped(_REASONS.get(reason, "stop")))


def _tool_call(call: Any, position: int) -> ToolCallDelta:
    function = call.get("function") or {}
    index, id_, name, arguments = call.get("index"), call.get("id"), function.get("name"), function.get("arguments")
    return ToolCallDelta(
        position if index is None else _count(index),
        _text(id_) if id_ else None,
        _text(name) if name else None,
        _text(arguments) if arguments else "",
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**40:
        raise TypeError("no count")
    return value


def _reported(usage: Any) -> Reported:
    prompt, completion = usage.get("prompt_tokens_details") or {}, usage.get("completion_tokens_details") or {}
    return Reported(
        prompt_tokens=_count(usage["prompt_tokens"]),
        completion_tokens=_count(usage.get("completion_tokens") or 0),
        cached_tokens=_count(prompt.get("cached_tokens") or 0),
        cache_write_tokens=_count(prompt.get("cache_write_tokens") or 0),
        reasoning_tokens=_count(completion.get("reasoning_tokens") or 0),
    )


def _failure(chunk: Any) -> Exception:
    code, message = read_error(chunk)
    status = 429 if any(word in code for word in _RATE_WORDS) else 400 if code == "invalid_request_error" else 500
    return refusal(int(code) if code.isdigit() and len(code) == 3 else status, code, message, None)
