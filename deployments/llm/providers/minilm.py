"""Embeddings by the platform's own sentence model, all-MiniLM-L6-v2, in the process that answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from deployments.llm.conversation import ChatRequest, EmbeddingRequest, Embeddings, ProviderEvent, Usage
from deployments.llm.errors import UnsupportedParameter, UpstreamUnavailable
from learning.embedding import minilm
from learning.embedding.embedder import Embedder
from learning.embedding.errors import EmbeddingUnavailable
from learning.embedding.wordpiece import WordPiece


class MiniLMEmbeddings:
    """384 numbers for each text, of which it reads the first 256 tokens."""

    def __init__(self, embedder: Embedder, tokenizer: WordPiece) -> None:
        self._embedder = embedder
        self._tokenizer = tokenizer

    def unsupported(self, request: ChatRequest) -> str | None:
        """It does not chat."""
        return "messages"

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """It does not chat."""
        raise UnsupportedParameter.of("messages")
        yield []  # makes it a generator, which the protocol asks for

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """See `Provider.embed`."""
        if request.dimensions not in (None, minilm.DIMENSIONS):
            raise UnsupportedParameter.of("dimensions")
        try:
            vectors = await self._embedder.embed(request.texts)
        except EmbeddingUnavailable as error:
            raise UpstreamUnavailable(error.detail) from error
        read = sum(min(self._tokenizer.count(text), minilm.MAXIMUM_TOKENS) for text in request.texts)
        return Embeddings(vectors=vectors.tolist(), usage=Usage(prompt_tokens=read))
