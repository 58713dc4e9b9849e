"""What a provider is: one target's voice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from deployments.llm.conversation import ChatRequest, EmbeddingRequest, Embeddings, ProviderEvent


class Provider(Protocol):
    """Speaks to one target. Whoever implements it also says so in `registry.FACTORIES`."""

    def unsupported(self, request: ChatRequest) -> str | None:
        """The first parameter of the request that this target cannot honour; None: it honours all."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """Ask, always as a stream. `request.max_tokens` is set.

        Each item is what arrived together. First `Accepted`, once the upstream took the request; then deltas, `Working`
        and `Reported` in any order; exactly one `Stopped`, which only `Reported` may follow. Closing the generator, or
        cancelling the task that waits for it, ends the call at the upstream and frees its connection. No time-outs but
        for connecting: the dispatcher watches the others.

        Raises `LlmError`s only: before `Accepted` whatever fits, then `UpstreamBroken` or what the upstream says.
        """
        ...

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        """Turn texts into vectors. Raises `LlmError`s only; `UnsupportedParameter` where it has no such model."""
        ...
