"""Answers with sentences of the course material, each with its source. No language model, and it says so.

What is asked is the last message of the user's. What a person may read decides what is quoted, and where nothing there
is near enough to the question, the answer is that the material does not cover it. Nothing that a message says is ever
followed as an instruction.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from deployments.llm.conversation import (
    Accepted,
    Asker,
    ChatRequest,
    EmbeddingRequest,
    Embeddings,
    FinishReason,
    ProviderEvent,
    Reported,
    Stopped,
    TextDelta,
)
from deployments.llm.errors import InvalidRequest, UnsupportedParameter, UpstreamUnavailable
from learning.embedding.wordpiece import WordPiece
from stores.errors import StoreUnavailable

_QUESTION_CHARACTERS = 2_000
_OPENING = "I am not a language model. I found these sentences in your course material:\n\n"
_NOTHING = (
    "I am not a language model: I can only quote course material, and the material that you can read does not cover"
    " this question."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A sentence of the material, and where it stands: course, module, unit, sections."""

    text: str
    source: str


class Material(Protocol):
    """Where quotations come from."""

    async def quote(self, asker: Asker, question: str) -> Sequence[Quotation]:
        """Sentences that answer a question, in reading order; none where the material does not cover it.

        Raises `StoreUnavailable`.
        """
        ...


class Extractive:
    """Quotes `material`. Tokens are counted as the sentence model's tokenizer makes them."""

    def __init__(self, material: Material, tokenizer: WordPiece) -> None:
        self._material = material
        self._tokenizer = tokenizer

    def unsupported(self, request: ChatRequest) -> str | None:
        """What only a language model can do. Settings of chance make no difference: there is none."""
        calls_tools = bool(request.tools) and (request.tool_choice is None or request.tool_choice.mode != "none")
        refused = {
            "tools": calls_tools,
            "response_format": request.response_format is not None,
            "stop": bool(request.stop),
        }
        return next((name for name, is_refused in refused.items() if is_refused), None)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """See `Provider.chat`. Sentence by sentence; what does not fit into `max_tokens` whole is left out."""
        if name := self.unsupported(request):
            raise UnsupportedParameter.of(name)
        question = _question(request)
        prompt_tokens = sum(self._tokenizer.count(message.text) for message in request.messages)
        yield [Accepted(), Reported(prompt_tokens=prompt_tokens, completion_tokens=0)]
        spent = 0
        reason: FinishReason = "stop"
        for part in _answer(await self._quotations(request.asker, question)):
            cost = self._tokenizer.count(part)
            if request.max_tokens is not None and spent + cost > request.max_tokens:
                reason = "length"
                break
            spent += cost
            yield [TextDelta(part), Reported(prompt_tokens=prompt_tokens, completion_tokens=spent)]
        yield [Stopped(reason), Reported(prompt_tokens=prompt_tokens, completion_tokens=spent)]

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """It has no vectors of its own."""
        raise UnsupportedParameter.of("model")

    async def _quotations(self, asker: Asker | None, question: str) -> Sequence[Quotation]:
        if asker is None:
            return []  # nobody whose material could be looked at
        try:
            return await self._material.quote(asker, question)
        except StoreUnavailable as error:
            raise UpstreamUnavailable("The course material cannot be searched at present") from error


def _question(request: ChatRequest) -> str:
    asked = next((message.text for message in reversed(request.messages) if message.role == "user"), "")
    if not asked.strip():
        raise InvalidRequest("There is no question: the last message of the user is empty", param="messages")
    return asked.replace("\x00", " ")[:_QUESTION_CHARACTERS]


def _answer(quotations: Sequence[Quotation]) -> Iterator[str]:
    """The parts of the answer: an opening, a line for each sentence, and the sources by number."""
    if not quotations:
        yield _NOTHING
        return
    sources = list(dict.fromkeys(quotation.source for quotation in quotations))
    yield _OPENING
    for quotation in quotations:
        yield f"- {quotation.text} [{sources.index(quotation.source) + 1}]\n"
    yield "\nSources:\n"
    for number, source in enumerate(sources, start=1):
        yield f"[{number}] {source}\n"
