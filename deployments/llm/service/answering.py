"""From a caller's question to an answer."""

from __future__ import annotations

from dataclasses import replace

from deployments.llm.api.schemas import ChatQuestion, EmbeddingQuestion
from deployments.llm.call import Call
from deployments.llm.caller import Caller
from deployments.llm.conversation import Embeddings
from deployments.llm.dispatch import Dispatcher
from deployments.llm.filters import Filter, Identity


class Answering:
    """Asks models on behalf of callers."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def chat(self, caller: Caller, question: ChatQuestion) -> tuple[Call, Filter]:
        """A call that speaks already, and what watches its answer. The caller closes it. Raises an `LlmError`."""
        route = self._dispatcher.route(question.request.model)
        rule = Identity()
        request = await rule.on_request(replace(question.request, asker=caller.asker))
        call = self._dispatcher.stream(request, route)
        await call.begin()
        return call, rule

    async def embed(self, caller: Caller, question: EmbeddingQuestion) -> Embeddings:
        """Vectors. Raises an `LlmError`."""
        route = self._dispatcher.embedding_route(question.request.model)
        return await self._dispatcher.embed(question.request, route).answer()
