"""From a caller's question to an answer: rules about content, memory, the meter, and then a model."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from configs.models import Models
from deployments.llm import cache
from deployments.llm.api.schemas import ChatQuestion, EmbeddingQuestion
from deployments.llm.cache import AnswerCache
from deployments.llm.call import Call, Source, Spoken
from deployments.llm.caller import Caller
from deployments.llm.conversation import (
    NOTHING,
    ChatRequest,
    Completion,
    Embeddings,
    Event,
    Finish,
    RefusalDelta,
    collect,
)
from deployments.llm.dispatch import Dispatcher, Route
from deployments.llm.errors import ModelNotFound
from deployments.llm.filters import Blocked, Filter, Identity, filtered
from deployments.llm.metering.meter import Meter, MeteredCall
from deployments.llm.policies import Policies
from deployments.llm.policy import Policy
from deployments.llm.service.safeguards import Safeguards
from deployments.llm.transcripts import Transcripts


@dataclass(frozen=True, kw_only=True)
class Answering:
    """Asks models on behalf of callers."""

    models: Models
    dispatcher: Dispatcher
    policies: Policies
    meter: Meter
    safeguards: Safeguards
    cache: AnswerCache
    transcripts: Transcripts

    async def chat(self, caller: Caller, question: ChatQuestion) -> Conversation:
        """An answer that has begun. Raises an `LlmError`, `Forbidden`, `StoreUnavailable`."""
        began = time.monotonic()
        caller.require("chat")
        policy = await self.policies.of(caller.org_id)
        route = self.dispatcher.route(_offered(policy, question.request.model), policy.rule)
        rule = await self.safeguards.for_call(caller, policy)
        try:
            asked = replace(question.request, asker=caller.asker)
            request = await rule.on_request(asked)
        except Blocked as blocked:
            return await self._blocked(caller, policy, question.request, blocked, began)
        # What a rule has changed may be put back into the answer, which is then this caller's alone.
        key = self._key(caller, policy, request, route) if request is asked else None
        if key is not None and (known := self.cache.get(key)) is not None:
            return await self._from_memory(caller, policy, request, known, rule, began)
        return await self._asked(caller, policy, request, route, rule, key)

    async def embed(self, caller: Caller, question: EmbeddingQuestion) -> Embeddings:
        """Vectors. Raises an `LlmError`, `Forbidden`, `StoreUnavailable`."""
        caller.require("embeddings")
        policy = await self.policies.of(caller.org_id)
        request = question.request
        route = self.dispatcher.embedding_route(_offered(policy, request.model), policy.rule)
        bounds = self.dispatcher.embedding_bounds(request, route)
        metered = await self.meter.open(caller, "embeddings", request.model, bounds, budgets=policy.budgets)
        call = None
        try:
            call = self.dispatcher.embed(request, route)
            found = await call.answer()
            await metered.written()
            return found
        finally:
            if call is None:
                metered.release()
            else:
                metered.settle(call.receipt())

    async def _asked(
        self, caller: Caller, policy: Policy, request: ChatRequest, route: Route, rule: Filter, key: bytes | None
    ) -> Conversation:
        bounds = self.dispatcher.bounds(request, route)
        metered = await self.meter.open(caller, "chat", request.model, bounds, budgets=policy.budgets)
        call: Call | None = None
        try:
            call = self.dispatcher.stream(request, route)
            await call.begin()
            await metered.written()
        except BaseException:
            if call is None:
                metered.release()
            else:
                await call.close()
                metered.settle(call.receipt())
            await metered.paid()
            raise
        keeping = _Keeping(self, caller, policy, request, key) if key or policy.transcript_days else None
        return _Asked(call, rule, metered, keeping)

    async def _blocked(
        self, caller: Caller, policy: Policy, request: ChatRequest, blocked: Blocked, began: float
    ) -> Conversation:
        metered = await self.meter.open(caller, "chat", request.model, [], budgets=policy.budgets)
        metered.settle_blocked(time.monotonic() - began)
        said: list[Event] = [RefusalDelta(blocked.explanation), Finish("content_filter", NOTHING)]
        return Conversation(Spoken(said, NOTHING), Identity())

    async def _from_memory(
        self, caller: Caller, policy: Policy, request: ChatRequest, known: Completion, rule: Filter, began: float
    ) -> Conversation:
        metered = await self.meter.open(caller, "chat", request.model, [], budgets=policy.budgets)
        metered.settle_from_memory(time.monotonic() - began)
        if policy.transcript_days:
            self.transcripts.keep(caller, request, known, policy.transcript_days)
        return Conversation(Spoken(cache.events_of(known), known.usage), rule)

    def _key(self, caller: Caller, policy: Policy, request: ChatRequest, route: Route) -> bytes | None:
        if policy.cache_seconds is None or not cache.repeatable(request):
            return None
        return cache.key_of(caller, request, {self.models.targets[name].provider for name in route.targets})


def _offered(policy: Policy, model: str) -> str:
    if not policy.offers(model):
        raise ModelNotFound(f"There is no model {model[:128]}", param="model")
    return model


class Conversation:
    """An answer on its way: `source`, watched by `rule`. Leave it as a context manager, or close it."""

    def __init__(self, source: Source, rule: Filter) -> None:
        self.source = source
        self.rule = rule
        self.tape: list[Event] | None = None  # where what was sent is written down

    async def settle(self) -> None:
        """Say what it came to; does so once."""

    def cost_microdollars(self) -> int:
        """What it cost, once it is settled. What comes from memory costs nothing."""
        return 0

    async def whole(self) -> Completion:
        """The answer in one piece. Raises an `LlmError`."""
        try:
            completion = await collect(_events(filtered(self.source, self.rule)))
        finally:
            await self.settle()
        self.keep(completion)
        return completion

    def keep(self, completion: Completion) -> None:
        """Remember a whole answer where that is wanted."""

    async def keep_tape(self) -> None:
        """Remember what was streamed, if it was whole."""
        if self.tape and isinstance(self.tape[-1], Finish):
            self.keep(await collect(_each(self.tape)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.source.close()
        await self.settle()


class _Asked(Conversation):
    def __init__(self, call: Call, rule: Filter, metered: MeteredCall, keeping: _Keeping | None) -> None:
        super().__init__(call, rule)
        self._call = call
        self._metered = metered
        self._keeping = keeping
        if keeping is not None:
            self.tape = []

    async def settle(self) -> None:
        self._metered.settle(self._call.receipt())
        await self._metered.paid()

    def cost_microdollars(self) -> int:
        return self._metered.microdollars

    def keep(self, completion: Completion) -> None:
        if self._keeping is not None:
            self._keeping.keep(completion)


@dataclass(frozen=True, slots=True)
class _Keeping:
    answering: Answering
    caller: Caller
    policy: Policy
    request: ChatRequest
    key: bytes | None

    def keep(self, completion: Completion) -> None:
        if self.key is not None and self.policy.cache_seconds is not None and completion.reason != "content_filter":
            self.answering.cache.put(self.key, completion, self.policy.cache_seconds)
        if self.policy.transcript_days is not None:
            self.answering.transcripts.keep(self.caller, self.request, completion, self.policy.transcript_days)


async def _events(batches: AsyncGenerator[list[Event], None]) -> AsyncIterator[Event]:
    async with aclosing(batches):
        async for batch in batches:
            for event in batch:
                yield event


async def _each(events: list[Event]) -> AsyncIterator[Event]:
    for event in events:
        yield event
