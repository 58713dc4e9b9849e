"""A conversation with a model in the platform's own terms, between OpenAI's form and every provider's."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A function that the model wants called; `arguments` is the JSON text that it wrote, which may be invalid."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn. An assistant's may have tool calls, a tool's answers the call `tool_call_id`."""

    role: Role
    text: str = ""
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may ask for; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """Whether the model may, must or must not call tools; `name` is the one that it must call."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormat:
    """The form of the answer: any JSON, or JSON of a schema."""

    kind: Literal["json_object", "json_schema"]
    name: str = "answer"
    description: str | None = None
    schema: Mapping[str, Any] | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """On whose behalf a model is asked, for providers that look things up in the cluster: it is sent to no other.

    `any_course`: they may read every published course. `course_id` is the course the question is about, where one is
    named.
    """

    org_id: UUID
    user_id: UUID | None
    any_course: bool
    course_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What is asked of a model. None means the provider's own default, except for `max_tokens`, which the dispatcher
    always sets before a provider sees the request."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning_effort: str | None = None
    asker: Asker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """Texts to turn into vectors; `dimensions` only where the model can shorten its own."""

    model: str
    texts: tuple[str, ...]
    dimensions: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call consumed. The cached and written ones are part of the prompt's, reasoning of the completion's.

    `estimated` says that at least one of the figures is ours, not the upstream's.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.estimated or other.estimated,
        )


NOTHING = Usage()


# What callers see of an answer: any number of deltas, then exactly one Finish.


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """A part of the model's own words for why it does not answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A part of tool call number `index`; `id` and `name` come with its first part."""

    index: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an answer, with everything the call consumed, its attempts that failed included."""

    reason: FinishReason
    usage: Usage


Delta = TextDelta | RefusalDelta | ToolCallDelta
Event = Delta | Finish


# What providers say besides deltas. None of it reaches a caller.


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upstream took the request: from here on it may charge for the prompt."""


@dataclass(frozen=True, slots=True)
class Working:
    """The model is at work on something that is not shown, such as its reasoning."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The upstream's own count so far, the latest replacing the one before. None: it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Stopped:
    """The model ended its answer. Counts may still follow."""

    reason: FinishReason


ProviderEvent = Delta | Accepted | Working | Reported | Stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer."""

    text: str
    refusal: str
    tool_calls: tuple[ToolCall, ...]
    reason: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """One vector for each text, in their order."""

    vectors: Sequence[Sequence[float]]
    usage: Usage


@dataclass(slots=True)
class _PartialCall:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


async def collect(events: AsyncIterable[Event]) -> Completion:
    """Put a stream together. Raises what the stream raises."""
    text: list[str] = []
    refusal: list[str] = []
    calls: dict[int, _PartialCall] = {}
    async for event in events:
        if isinstance(event, TextDelta):
            text.append(event.text)
        elif isinstance(event, RefusalDelta):
            refusal.append(event.text)
        elif isinstance(event, ToolCallDelta):
            call = calls.setdefault(event.index, _PartialCall())
            call.id = call.id or event.id or ""
            call.name = call.name or event.name or ""
            call.arguments.append(event.arguments)
        else:
            return Completion(
                text="".join(text),
                refusal="".join(refusal),
                tool_calls=tuple(
                    ToolCall(id=c.id, name=c.name, arguments="".join(c.arguments)) for _, c in sorted(calls.items())
                ),
                reason=event.reason,
                usage=event.usage,
            )
    raise AssertionError("a stream ends with Finish or raises")
