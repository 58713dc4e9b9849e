"""OpenAI's requests and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema, model_validator

from deployments.llm import conversation as c
from deployments.llm.api.errors import invalid
from deployments.llm.api.parameters import CHAT_IGNORED, EMBEDDING_IGNORED, known
from deployments.llm.errors import InvalidRequest

_NAME = r"^[A-Za-z0-9_.-]{1,64}$"
_PARTS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
        "required": ["type", "text"],
    },
}


def _joined(value: object) -> object:
    """Content is a text, or parts of text."""
    if not isinstance(value, list):
        return value
    texts: list[str] = []
    for part in value:
        if not isinstance(part, dict) or part.get("type") not in ("text", "refusal"):
            raise ValueError("only parts of type text are supported")
        text = part.get(part["type"])
        if not isinstance(text, str):
            raise ValueError("a part of type text has a text")
        texts.append(text)
    return "\n".join(texts)


Text = Annotated[str, BeforeValidator(_joined), WithJsonSchema({"anyOf": [{"type": "string"}, _PARTS]})]
ModelName = Annotated[str, Field(min_length=1, max_length=128)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class FunctionCall(_Strict):
    name: str = Field(min_length=1, max_length=128)
    arguments: str


class ToolCall(_Strict):
    id: str = Field(min_length=1, max_length=128)
    type: Literal["function"] = "function"
    function: FunctionCall


class SystemMessage(_Strict):
    role: Literal["system", "developer"]
    content: Text
    name: str | None = Field(default=None, max_length=64)


class UserMessage(_Strict):
    role: Literal["user"]
    content: Text
    name: str | None = Field(default=None, max_length=64)


class AssistantMessage(BaseModel):
    """An earlier answer. Clients send back whole answers, so what only answers have is passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["assistant"]
    content: Text | None = None
    refusal: str | None = None
    name: str | None = Field(default=None, max_length=64)
    tool_calls: list[ToolCall] | None = Field(default=None, max_length=128)


class ToolMessage(_Strict):
    role: Literal["tool"]
    content: Text
    tool_call_id: str = Field(min_length=1, max_length=128)


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class FunctionDefinition(_Strict):
    name: str = Field(pattern=_NAME)
    description: str | None = Field(default=None, max_length=16_384)
    parameters: dict[str, Any] | None = Field(default=None, description="A JSON Schema")
    strict: bool | None = None


class FunctionTool(_Strict):
    type: Literal["function"]
    function: FunctionDefinition


class FunctionName(_Strict):
    name: str = Field(pattern=_NAME)


class NamedToolChoice(_Strict):
    type: Literal["function"]
    function: FunctionName


class JsonSchema(_Strict):
    name: str = Field(pattern=_NAME)
    description: str | None = Field(default=None, max_length=16_384)
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class ResponseFormat(_Strict):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    @model_validator(mode="after")
    def _schema_where_it_belongs(self) -> Self:
        if (self.json_schema is not None) != (self.type == "json_schema"):
            raise ValueError("json_schema belongs to the type json_schema, and only to it")
        return self


class StreamOptions(_Strict):
    include_usage: bool | None = None
    include_obfuscation: bool | None = Field(default=None, description="Ignored: nothing is obfuscated")


class ChatCompletionRequest(_Strict):
    """What `POST /v1/chat/completions` honours. What else OpenAI's API has is refused, or ignored where harmless."""

    model: ModelName
    messages: list[Message] = Field(min_length=1, max_length=4096)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[FunctionTool] | None = Field(default=None, max_length=128)
    tool_choice: Literal["none", "auto", "required"] | NamedToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = Field(default=None, ge=1, le=2**31 - 1)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=2**31 - 1)
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    top_p: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2, allow_inf_nan=False)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2, allow_inf_nan=False)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: str | list[str] | None = Field(default=None, max_length=4096)
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.max_tokens is not None and self.max_completion_tokens is not None:
            raise ValueError("max_tokens is the old name of max_completion_tokens; give one of them")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options belongs to stream")
        if isinstance(self.stop, list) and len(self.stop) > 4:
            raise ValueError("at most 4 stop sequences")
        names = {tool.function.name for tool in self.tools or ()}
        if self.tool_choice not in (None, "none", "auto") and not names:
            raise ValueError("tool_choice needs tools")
        if isinstance(self.tool_choice, NamedToolChoice) and self.tool_choice.function.name not in names:
            raise ValueError("tool_choice names a tool that there is not")
        return self


class EmbeddingsRequest(_Strict):
    """What `POST /v1/embeddings` honours."""

    model: ModelName
    input: str | list[str] = Field(min_length=1, max_length=1_000_000)
    dimensions: int | None = Field(default=None, ge=1, le=65_536)
    encoding_format: Literal["float", "base64"] = "float"

    @model_validator(mode="after")
    def _texts(self) -> Self:
        if isinstance(self.input, list) and (len(self.input) > 2048 or not all(self.input)):
            raise ValueError("input has 1 to 2048 texts, none of them empty")
        return self


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """A request, and how the answer is wanted."""

    request: c.ChatRequest
    stream: bool
    include_usage: bool


@dataclass(frozen=True, slots=True)
class EmbeddingQuestion:
    """A request, and how the vectors are wanted."""

    request: c.EmbeddingRequest
    base64: bool


Body = TypeVar("Body", bound=BaseModel)


def parse_chat(body: bytes) -> ChatQuestion:
    """Read a chat request. Raises `InvalidRequest`, `UnsupportedParameter`."""
    asked = _parse(ChatCompletionRequest, body, CHAT_IGNORED)
    stop = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
    request = c.ChatRequest(
        model=asked.model,
        messages=tuple(_message(message) for message in asked.messages),
        tools=tuple(c.Tool(**tool.function.model_dump()) for tool in asked.tools or ()),
        tool_choice=_tool_choice(asked.tool_choice),
        parallel_tool_calls=asked.parallel_tool_calls,
        response_format=_response_format(asked.response_format),
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        presence_penalty=asked.presence_penalty,
        frequency_penalty=asked.frequency_penalty,
        seed=asked.seed,
        stop=stop,
        reasoning_effort=asked.reasoning_effort,
    )
    return ChatQuestion(request, bool(asked.stream), bool(asked.stream_options and asked.stream_options.include_usage))


def parse_embeddings(body: bytes) -> EmbeddingQuestion:
    """Read a request for vectors. Raises `InvalidRequest`, `UnsupportedParameter`."""
    asked = _parse(EmbeddingsRequest, body, EMBEDDING_IGNORED)
    texts = (asked.input,) if isinstance(asked.input, str) else tuple(asked.input)
    request = c.EmbeddingRequest(model=asked.model, texts=texts, dimensions=asked.dimensions)
    return EmbeddingQuestion(request, asked.encoding_format == "base64")


def _parse(kind: type[Body], body: bytes, ignored: frozenset[str]) -> Body:
    try:
        decoded = orjson.loads(body)
    except ValueError:
        raise InvalidRequest("The body is no JSON") from None
    if not isinstance(decoded, dict):
        raise InvalidRequest("The body is no JSON object")
    try:
        return kind.model_validate(known(decoded, kind.model_fields, ignored))
    except ValidationError as error:
        raise invalid(error) from None


def _message(message: SystemMessage | UserMessage | AssistantMessage | ToolMessage) -> c.Message:
    if isinstance(message, ToolMessage):
        return c.Message(role="tool", text=message.content, tool_call_id=message.tool_call_id)
    if isinstance(message, AssistantMessage):
        calls = tuple(
            c.ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)
            for call in message.tool_calls or ()
        )
        text = message.content or message.refusal or ""
        return c.Message(role="assistant", text=text, name=message.name, tool_calls=calls)
    role: c.Role = "user" if isinstance(message, UserMessage) else "system"
    return c.Message(role=role, text=message.content, name=message.name)


def _tool_choice(choice: Literal["none", "auto", "required"] | NamedToolChoice | None) -> c.ToolChoice | None:
    if isinstance(choice, NamedToolChoice):
        return c.ToolChoice(mode="named", name=choice.function.name)
    return None if choice is None else c.ToolChoice(mode=choice)


def _response_format(wanted: ResponseFormat | None) -> c.ResponseFormat | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.json_schema is None:
        return c.ResponseFormat(kind="json_object")
    return c.ResponseFormat(
        kind="json_schema",
        name=wanted.json_schema.name,
        description=wanted.json_schema.description,
        schema=wanted.json_schema.schema_,
        strict=wanted.json_schema.strict,
    )
