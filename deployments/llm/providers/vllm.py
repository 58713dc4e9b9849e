"""A model that vLLM runs on our own machines, in a Serve application of its own, asked by handle.

The handle is behind `Engine`: what is here knows no Ray. Requests and chunks cross in OpenAI's form, which vLLM speaks
by nature, so they are written and read as those of any server of that kind are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import orjson

from configs.models import Target
from deployments.llm.conversation import Accepted, ChatRequest, EmbeddingRequest, Embeddings, ProviderEvent
from deployments.llm.errors import LlmError, UnsupportedParameter, UpstreamBroken
from deployments.llm.providers.openai_compatible import chat_body, translate

# Routing compares beginnings; what follows after so many characters makes no difference to it.
_PREFIX_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """What crosses to the engine.

    `body` is a streamed chat completion in OpenAI's JSON, without `model`; `prompt` is how the conversation begins, by
    which a replica is chosen that may remember it; `organisation` chooses its LoRA adapter, if it has one.
    """

    body: bytes
    prompt: str
    organisation: str | None


class Engine(Protocol):
    """A model that runs."""

    def converse(self, request: EngineRequest) -> AsyncGenerator[Sequence[bytes], None]:
        """The chunks of the answer in OpenAI's JSON, those together that arrive together.

        Closing it, or cancelling the task that waits for it, ends the request in the engine. Raises
        `UpstreamUnavailable` where no engine answers, `UpstreamBusy` where too many wait, `UpstreamBroken` where it
        breaks off.
        """
        ...


class Vllm:
    """One model of vLLM's."""

    def __init__(self, target: Target, engine: Engine) -> None:
        self._target = target
        self._engine = engine

    def unsupported(self, request: ChatRequest) -> str | None:
        """vLLM honours all of them; what a model cannot is the table's to say."""
        return None

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """See `Provider.chat`. The prompt is taken with its first token: vLLM says nothing before."""
        accepted = False
        async with aclosing(self._engine.converse(self._request(request))) as chunks:
            async for payloads in chunks:
                events: list[ProviderEvent] = []
                failure = _read(payloads, events)
                if not accepted and failure is None:
                    accepted = True
                    events.insert(0, Accepted())
                if events:
                    yield events
                if failure is not None:
                    raise failure
        if not accepted:
            raise UpstreamBroken("The engine gave no answer")

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Vectors are the business of `minilm`."""
        raise UnsupportedParameter.of("model")

    def _request(self, request: ChatRequest) -> EngineRequest:
        body = chat_body(request, self._target.model or "", "max_completion_tokens", continuous_usage=True)
        organisation = str(request.asker.org_id) if request.asker is not None else None
        if organisation is not None:
            # Nobody learns from how fast an answer comes what another organisation has asked.
            body["cache_salt"] = organisation
        return EngineRequest(body=orjson.dumps(body), prompt=_beginning(request), organisation=organisation)


def _read(payloads: Sequence[bytes], events: list[ProviderEvent]) -> LlmError | None:
    """Append what chunks say; gives what one of them complains of."""
    try:
        for payload in payloads:
            translate(payload, events)
    except LlmError as error:
        return error
    return None


def _beginning(request: ChatRequest) -> str:
    text = "\n".join(message.text for message in request.messages)
    return text[:_PREFIX_CHARACTERS]
