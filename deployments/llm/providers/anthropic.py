"""Claude, by Anthropic's Messages API, of the version that `api_version` names.

Events of its stream: `message_start` (with the prompt's count), for each block of content `content_block_start`,
`content_block_delta`s and `content_block_stop`, `message_delta` (why it stopped, counts so far), `message_stop`; `ping`
and `error` at any time; others may be added and are passed over.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import orjson

from configs.models import Target
from deployments.llm.conversation import (
    ChatRequest,
    EmbeddingRequest,
    Embeddings,
    FinishReason,
    Message,
    ProviderEvent,
    RefusalDelta,
    Reported,
    Stopped,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    Working,
)
from deployments.llm.errors import InvalidRequest, LlmError, UnsupportedParameter, UpstreamBroken
from deployments.llm.providers.http import HttpPool, Upstream, refusal, relay

_VERSION = "2026-10-21"
_WITH_SAMPLING = "2023-06-01"  # later versions refuse temperature and top_p
_EFFORTS = {"low", "medium", "high", "xhigh"}
_REASONS: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STATUS_OF_ERROR = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class Anthropic:
    """One model of Claude's."""

    def __init__(self, target: Target, pool: HttpPool) -> None:
        assert target.base_url is not None, "the table requires it"
        self._target = target
        self._version = target.api_version or _VERSION
        key = target.api_key()
        headers = {"anthropic-version": self._version}
        if key is not None and self._version == _WITH_SAMPLING:
            headers["x-api-key"] = key.get_secret_value()
        elif key is not None:
            headers["authorization"] = f"Bearer {key.get_secret_value()}"
        connect = target.timeouts.connect.total_seconds()
        base_url = target.base_url.rstrip("/").removesuffix("/v1")
        self._upstream = Upstream(pool, base_url, headers, connect, read_error)

    def unsupported(self, request: ChatRequest) -> str | None:
        """Sampling is refused by the newer versions, and limited to 1 in the older; 1 is the default anyway."""
        sampled = self._version == _WITH_SAMPLING
        refused = {
            "seed": request.seed is not None,
            "presence_penalty": bool(request.presence_penalty),
            "frequency_penalty": bool(request.frequency_penalty),
            "temperature": (request.temperature or 0) > 1 or not (sampled or request.temperature in (None, 1)),
            "top_p": not (sampled or request.top_p in (None, 1)),
            "response_format": request.response_format is not None and request.response_format.kind == "json_object",
            "reasoning_effort": request.reasoning_effort not in (None, *_EFFORTS),
        }
        return next((name for name, is_refused in refused.items() if is_refused), None)

    def chat(self, request: ChatRequest) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        return relay(self._upstream, "v1/messages", orjson.dumps(self._body(request)), Translation().read)

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Anthropic has no embeddings."""
        raise UnsupportedParameter.of("model")

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._target.model,
            "max_tokens": request.max_tokens,
            "messages": turns(request.messages),
            "stream": True,
        }
        if system := [message.text for message in request.messages if message.role == "system" and message.text]:
            body["system"] = "\n\n".join(system)
        if self._version == _WITH_SAMPLING:
            body |= {n: v for n, v in (("temperature", request.temperature), ("top_p", request.top_p)) if v is not None}
        if request.stop:
            body["stop_sequences"] = request.stop
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            body["tool_choice"] = _choice(request)
        output: dict[str, Any] = {}
        if request.response_format is not None:
            output["format"] = {"type": "json_schema", "schema": request.response_format.schema or {}}
        if request.reasoning_effort is not None:
            output["effort"] = request.reasoning_effort
        return {**body, "output_config": output} if output else body


def turns(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation without its system messages; the answers of tools that follow one another are one turn."""
    found: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        answers = message.role == "tool" and found and found[-1]["content"][0]["type"] == "tool_result"
        if answers:
            found[-1]["content"] += blocks
        elif blocks:
            found.append({"role": role, "content": blocks})
    return found


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": message.text}]
    text = [{"type": "text", "text": message.text}] if message.text else []  # empty blocks are refused
    return text + [_tool_use(call) for call in message.tool_calls]


def _tool_use(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except ValueError:
        raise InvalidRequest(f"The arguments of tool call {call.id} are no JSON", param="messages") from None
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


def _tool(tool: Tool) -> dict[str, Any]:
    body: dict[str, Any] = {"name": tool.name, "input_schema": tool.parameters or {"type": "object", "properties": {}}}
    if tool.description is not None:
        body["description"] = tool.description
    if tool.strict is not None:
        body["strict"] = tool.strict
    return body


def _choice(request: ChatRequest) -> dict[str, Any]:
    mode = request.tool_choice.mode if request.tool_choice else "auto"
    if request.tool_choice and mode == "named":
        choice: dict[str, Any] = {"type": "tool", "name": request.tool_choice.name}
    else:
        choice = {"type": {"required": "any"}.get(mode, mode)}
    if request.parallel_tool_calls is False and mode != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def read_error(body: Any) -> tuple[str, str]:
    """Code and message of an error body; a code in its details is more precise than its type."""
    error = body["error"]
    details = error.get("details") or {}
    return str(details.get("error_code") or error.get("type") or ""), str(error.get("message") or "")


class Translation:
    """Reads one stream."""

    def __init__(self) -> None:
        self._reported = Reported()
        self._calls = -1
        self._arguments_owed = False  # a tool call without arguments still needs an empty object
        self._began = False

    def read(self, payload: bytes, events: list[ProviderEvent]) -> bool:
        """Append what one event says; whether it was the last.

        Raises `UpstreamBroken` where it cannot be read, or what an `error` means.
        """
        try:
            event = orjson.loads(payload)
            if (handler := _HANDLERS.get(event["type"])) is not None:
                handler(self, event, events)
            return bool(event["type"] == "message_stop")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UpstreamBroken("The upstream sent an event that cannot be read") from error

    def _message_start(self, event: Any, events: list[ProviderEvent]) -> None:
        self._count(event["message"].get("usage") or {}, events)

    def _block_start(self, event: Any, events: list[ProviderEvent]) -> None:
        self._began = True
        block = event["content_block"]
        if block["type"] == "tool_use":
            self._calls += 1
            given = orjson.dumps(block["input"]).decode() if block.get("input") else ""
            self._arguments_owed = not given
            events.append(ToolCallDelta(self._calls, str(block["id"]), str(block["name"]), given))
        elif block["type"] == "text" and block.get("text"):
            events.append(TextDelta(str(block["text"])))
        else:
            events.append(Working())

    def _block_delta(self, event: Any, events: list[ProviderEvent]) -> None:
        delta = event["delta"]
        if delta["type"] == "text_delta":
            if delta["text"]:
                events.append(TextDelta(str(delta["text"])))
        elif delta["type"] == "input_json_delta":
            if delta["partial_json"]:
                self._arguments_owed = False
                events.append(ToolCallDelta(self._calls, arguments=str(delta["partial_json"])))
        else:
            events.append(Working())  # thinking and its signature

    def _block_stop(self, _event: Any, events: list[ProviderEvent]) -> None:
        if self._arguments_owed:
            self._arguments_owed = False
            events.append(ToolCallDelta(self._calls, arguments="{}"))

    def _message_delta(self, event: Any, events: list[ProviderEvent]) -> None:
        self._began = True
        self._count(event.get("usage") or {}, events)
        delta = event["delta"]
        if reason := delta.get("stop_reason"):
            if explanation := (delta.get("stop_details") or {}).get("explanation"):
                events.append(RefusalDelta(str(explanation)))
            events.append(Stopped(_REASONS.get(reason, "stop")))

    def _ping(self, _event: Any, events: list[ProviderEvent]) -> None:
        if self._began:  # before, it only says that the connection lives
            events.append(Working())

    def _error(self, event: Any, _events: list[ProviderEvent]) -> None:
        raise failure(event)

    def _count(self, usage: Any, events: list[ProviderEvent]) -> None:
        """Counts are cumulative, and what an event leaves out stands as it was."""
        told = self._reported
        read, written = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
        cached = told.cached_tokens if read is None else int(read)
        wrote = told.cache_write_tokens if written is None else int(written)
        plain = usage.get("input_tokens")
        thought = (usage.get("output_tokens_details") or {}).get("thinking_tokens")
        self._reported = Reported(
            prompt_tokens=told.prompt_tokens if plain is None else int(plain) + cached + wrote,
            completion_tokens=int(usage.get("output_tokens") or 0) if self._began else None,  # at first a placeholder
            cached_tokens=cached,
            cache_write_tokens=wrote,
            reasoning_tokens=told.reasoning_tokens if thought is None else int(thought),
        )
        events.append(self._reported)


_HANDLERS = {
    "message_start": Translation._message_start,
    "content_block_start": Translation._block_start,
    "content_block_delta": Translation._block_delta,
    "content_block_stop": Translation._block_stop,
    "message_delta": Translation._message_delta,
    "ping": Translation._ping,
    "error": Translation._error,
}


def failure(event: Any) -> LlmError:
    """What an `error` event means: the same as the status that a refusal of its type would have had."""
    code, message = read_error(event)
    return refusal(_STATUS_OF_ERROR.get(str(event["error"].get("type")), 500), code, message, None)
