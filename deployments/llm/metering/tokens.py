"""Tokens, counted where the upstream does not: an estimate for metering, an upper bound for reserving."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from deployments.llm.conversation import NOTHING, ChatRequest, EmbeddingRequest, Reported, Usage

# Byte-level tokenizers spend a token on about four bytes of English and of most other languages.
_BYTES_PER_TOKEN = 4
_TOKENS_PER_MESSAGE = 4
# What chat templates and providers' own instructions may add at the most.
_MOST_PER_MESSAGE = 16
_MOST_PER_REQUEST = 64
_MOST_FOR_TOOLS = 1024


def size_bytes(text: str) -> int:
    """The length of the text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def tokens_of(bytes_: int) -> int:
    """The tokens that so many bytes of text are likely to be."""
    return -(-bytes_ // _BYTES_PER_TOKEN)


def prompt_estimate(request: ChatRequest) -> int:
    """How many tokens the prompt is likely to have."""
    return sum(tokens_of(size) for size in _sizes(request)) + _TOKENS_PER_MESSAGE * len(request.messages)


def prompt_bound(request: ChatRequest) -> int:
    """How many tokens the prompt can have: a byte-level tokenizer makes at most one of each byte."""
    around = _MOST_PER_REQUEST + _MOST_PER_MESSAGE * len(request.messages) + (_MOST_FOR_TOOLS if request.tools else 0)
    return sum(_sizes(request)) + around


def texts_estimate(request: EmbeddingRequest) -> int:
    """How many tokens the texts are likely to have."""
    return sum(tokens_of(size_bytes(text)) for text in request.texts)


def texts_bound(request: EmbeddingRequest) -> int:
    """How many tokens the texts can have."""
    return sum(size_bytes(text) + _MOST_PER_MESSAGE for text in request.texts)


def _sizes(request: ChatRequest) -> Iterable[int]:
    for message in request.messages:
        yield size_bytes(message.text) + size_bytes(message.name or "")
        for call in message.tool_calls:
            yield size_bytes(call.name) + size_bytes(call.arguments)
    for tool in request.tools:
        yield len(orjson.dumps([tool.name, tool.description, tool.parameters]))
    if request.response_format is not None and request.response_format.schema is not None:
        yield len(orjson.dumps(request.response_format.schema))


class Tally:
    """Counts what one attempt consumes, as it flows.

    The upstream's figures replace ours as soon as it gives them; what arrives after them is estimated again, until
    `final` says that nothing will. An estimate never exceeds the limit that was asked for.
    """

    __slots__ = ("_bytes", "_limit", "_prompt_estimate", "_since", "_told", "accepted", "final")

    # An answer this many times larger than its limit in tokens can be: the upstream ignores the limit.
    _RUNAWAY_BYTES_PER_TOKEN = 32
    _RUNAWAY_SLACK_BYTES = 1024

    def __init__(self, prompt_estimate: int, limit: int) -> None:
        self._prompt_estimate = prompt_estimate
        self._limit = limit
        self._bytes = 0
        self._since = 0
        self._told = Reported()
        self.accepted = False
        self.final = False

    def count(self, text: str) -> None:
        """Some of the answer arrived."""
        size = size_bytes(text)
        self._bytes += size
        self._since += size

    def report(self, figures: Reported) -> None:
        """The upstream said what it counted so far."""
        self._told = figures
        if figures.completion_tokens is not None:
            self._since = 0

    @property
    def runaway(self) -> bool:
        """Whether more arrived than the limit allows under any tokenizer."""
        return self._bytes > self._limit * self._RUNAWAY_BYTES_PER_TOKEN + self._RUNAWAY_SLACK_BYTES

    def usage(self) -> Usage:
        """What was consumed so far."""
        if not self.accepted:
            return NOTHING
        told = self._told
        completion = told.completion_tokens or 0
        if not (exact := self.final and told.prompt_tokens is not None and told.completion_tokens is not None):
            completion = max(completion, min(completion + tokens_of(self._since), self._limit))
        return Usage(
            prompt_tokens=self._prompt_estimate if told.prompt_tokens is None else told.prompt_tokens,
            completion_tokens=completion,
            cached_tokens=told.cached_tokens,
            cache_write_tokens=told.cache_write_tokens,
            reasoning_tokens=told.reasoning_tokens,
            estimated=not exact,
        )
