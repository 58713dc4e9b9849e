"""The provider that quotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from deployments.llm.conversation import (
    Accepted,
    Asker,
    ChatRequest,
    EmbeddingRequest,
    Message,
    ProviderEvent,
    Reported,
    ResponseFormat,
    Stopped,
    TextDelta,
    Tool,
    ToolChoice,
)
from deployments.llm.errors import InvalidRequest, UnsupportedParameter, UpstreamUnavailable
from deployments.llm.providers.extractive import Extractive, Quotation
from deployments.llm.providers.minilm import MiniLMEmbeddings
from learning.embedding.embedder import Embedder
from learning.embedding.minilm import DIMENSIONS, Vectors
from learning.embedding.wordpiece import WordPiece
from stores.errors import StoreUnavailable
from stores.ids import new_id

TOKENIZER = WordPiece.load()
ASKER = Asker(org_id=new_id(), user_id=new_id(), any_course=False)
FOUND = [
    Quotation(text="The median is the value in the middle.", source="Statistics, The middle"),
    Quotation(text="It is robust.", source="Statistics, The middle"),
    Quotation(text="Means are moved by outliers.", source="Statistics, The mean"),
]


class Shelf:
    """Material that holds what it is given."""

    def __init__(self, found: Sequence[Quotation] = (), error: Exception | None = None) -> None:
        self._found = found
        self._error = error
        self.asked: list[str] = []

    async def quote(self, asker: Asker, question: str) -> Sequence[Quotation]:
        self.asked.append(question)
        if self._error is not None:
            raise self._error
        return self._found


def request(*texts: str, **more: Any) -> ChatRequest:
    messages = tuple(Message(role="user", text=text) for text in texts)
    return ChatRequest(**{"model": "m", "messages": messages, "max_tokens": 500, "asker": ASKER} | more)


async def answer(provider: Extractive, asked: ChatRequest) -> list[ProviderEvent]:
    return [event async for batch in provider.chat(asked) for event in batch]


def text_of(events: list[ProviderEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_sentences_with_sources_by_number() -> None:
    shelf = Shelf(FOUND)
    events = await answer(Extractive(shelf, TOKENIZER), request("Hello", "What is a median?"))
    assert shelf.asked == ["What is a median?"]
    assert text_of(events) == (
        "I am not a language model. I found these sentences in your course material:\n\n"
        "- The median is the value in the middle. [1]\n"
        "- It is robust. [1]\n"
        "- Means are moved by outliers. [2]\n"
        "\nSources:\n[1] Statistics, The middle\n[2] Statistics, The mean\n"
    )
    assert isinstance(events[0], Accepted)
    assert events[-2] == Stopped("stop")
    assert len([event for event in events if isinstance(event, TextDelta)]) == 7


async def test_tokens_are_counted() -> None:
    events = await answer(Extractive(Shelf(FOUND), TOKENIZER), request("What is a median?"))
    reports = [event for event in events if isinstance(event, Reported)]
    assert reports[0] == Reported(prompt_tokens=TOKENIZER.count("What is a median?"), completion_tokens=0)
    assert reports[-1].completion_tokens == TOKENIZER.count(text_of(events))


async def test_what_does_not_fit_is_left_out() -> None:
    events = await answer(Extractive(Shelf(FOUND), TOKENIZER), request("What is a median?", max_tokens=32))
    assert events[-2] == Stopped("length")
    assert text_of(events).endswith("middle. [1]\n")
    assert TOKENIZER.count(text_of(events)) <= 32


@pytest.mark.parametrize("asker", [ASKER, None])
async def test_what_is_not_covered_is_said(asker: Asker | None) -> None:
    events = await answer(Extractive(Shelf(), TOKENIZER), request("How do volcanoes erupt?", asker=asker))
    assert "does not cover" in text_of(events)
    assert "not a language model" in text_of(events)


TOOL = Tool(name="look")


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": (TOOL,)}, "tools"),
        ({"response_format": ResponseFormat(kind="json_schema", schema={})}, "response_format"),
        ({"stop": ("x",)}, "stop"),
    ],
)
async def test_what_needs_a_language_model_is_refused(more: dict[str, Any], param: str) -> None:
    provider = Extractive(Shelf(FOUND), TOKENIZER)
    asked = request("What?", **more)
    assert provider.unsupported(asked) == param
    with pytest.raises(UnsupportedParameter) as refusal:
        await answer(provider, asked)
    assert refusal.value.param == param


def test_what_makes_no_difference_is_taken() -> None:
    provider = Extractive(Shelf(), TOKENIZER)
    none = ToolChoice(mode="none")
    assert provider.unsupported(request("What?", temperature=0.7, seed=1, tools=(TOOL,), tool_choice=none)) is None


async def test_no_question() -> None:
    provider = Extractive(Shelf(FOUND), TOKENIZER)
    for asked in (request("  "), request(), request(messages=(Message(role="system", text="Be kind."),))):
        with pytest.raises(InvalidRequest):
            await answer(provider, asked)


async def test_a_store_that_is_down_is_an_upstream_that_is() -> None:
    provider = Extractive(Shelf(error=StoreUnavailable()), TOKENIZER)
    with pytest.raises(UpstreamUnavailable):
        await answer(provider, request("What?"))
    with pytest.raises(UnsupportedParameter):
        await provider.embed(EmbeddingRequest(model="m", texts=("a",)))


class OnesModel:
    tokenizer = TOKENIZER

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), DIMENSIONS), dtype=np.float32)


async def test_embeddings_of_one_s_own() -> None:
    embedder = Embedder(OnesModel)
    provider = MiniLMEmbeddings(embedder, TOKENIZER)
    found = await provider.embed(EmbeddingRequest(model="m", texts=("one two", "three " * 400)))
    assert [len(vector) for vector in found.vectors] == [DIMENSIONS] * 2
    assert found.usage.prompt_tokens == 2 + 256
    with pytest.raises(UnsupportedParameter):
        await provider.embed(EmbeddingRequest(model="m", texts=("a",), dimensions=100))
    with pytest.raises(UnsupportedParameter):
        await anext(provider.chat(request("Hello")))
    embedder.close()


async def test_embeddings_switched_off() -> None:
    embedder = Embedder(None)
    with pytest.raises(UpstreamUnavailable):
        await MiniLMEmbeddings(embedder, TOKENIZER).embed(EmbeddingRequest(model="m", texts=("a",)))
    embedder.close()
