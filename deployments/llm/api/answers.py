"""OpenAI's answers: their schemas for the documentation, and their bytes, made without them because every call pays."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field

from deployments.llm.api.schemas import ToolCall
from deployments.llm.conversation import Completion, Embeddings, FinishReason, Usage


class PromptDetails(BaseModel):
    cached_tokens: int


class CompletionDetails(BaseModel):
    reasoning_tokens: int


class UsageView(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails
    estimated: bool | None = Field(default=None, description="true where the provider did not count everything")


class AnswerMessage(BaseModel):
    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    tool_calls: list[ToolCall] | None = None


class AnswerChoice(BaseModel):
    index: Literal[0]
    message: AnswerMessage
    logprobs: None
    finish_reason: FinishReason


class ChatCompletion(BaseModel):
    id: str
    object: Literal["chat.completion"]
    created: int = Field(description="Seconds since 1970")
    model: str
    choices: list[AnswerChoice]
    usage: UsageView


class Vector(BaseModel):
    object: Literal["embedding"]
    index: int
    embedding: list[float] | str = Field(description="Numbers, or base64 of 32-bit floats in little-endian order")


class EmbeddingUsage(BaseModel):
    prompt_tokens: int
    total_tokens: int
    estimated: bool | None = None


class EmbeddingList(BaseModel):
    object: Literal["list"]
    data: list[Vector]
    model: str
    usage: EmbeddingUsage


class ModelView(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(BaseModel):
    object: Literal["list"]
    data: list[ModelView]


@dataclass(frozen=True, slots=True)
class Head:
    """What every part of one answer carries. `created` is in seconds since 1970."""

    id: str
    created: int
    model: str


def usage_body(usage: Usage) -> dict[str, Any]:
    """Usage in OpenAI's form."""
    body: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
    return {**body, "estimated": True} if usage.estimated else body


def completion_body(completion: Completion, head: Head) -> bytes:
    """A whole answer (`ChatCompletion`)."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": completion.text or (None if completion.tool_calls or completion.refusal else ""),
        "refusal": completion.refusal or None,
    }
    if completion.tool_calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in completion.tool_calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.reason}
    return orjson.dumps(
        {
            "id": head.id,
            "object": "chat.completion",
            "created": head.created,
            "model": head.model,
            "choices": [choice],
            "usage": usage_body(completion.usage),
        }
    )


def embeddings_body(embeddings: Embeddings, model: str, *, as_base64: bool) -> bytes:
    """Vectors (`EmbeddingList`)."""
    form = packed if as_base64 else list
    usage = embeddings.usage
    counted = {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.prompt_tokens}
    return orjson.dumps(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": form(vector)}
                for index, vector in enumerate(embeddings.vectors)
            ],
            "model": model,
            "usage": {**counted, "estimated": True} if usage.estimated else counted,
        }
    )


def packed(vector: Sequence[float]) -> str:
    """base64 of 32-bit floats, little-endian: what OpenAI's clients ask for and decode."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def models_body(models: Iterable[str], owner: str, created: int) -> bytes:
    """Models (`ModelList`)."""
    data = [{"id": name, "object": "model", "created": created, "owned_by": owner} for name in models]
    return orjson.dumps({"object": "list", "data": data})


def model_body(name: str, owner: str, created: int) -> bytes:
    """One model (`ModelView`)."""
    return orjson.dumps({"id": name, "object": "model", "created": created, "owned_by": owner})
