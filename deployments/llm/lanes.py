"""A target with everything that guards it in one process."""

from __future__ import annotations

import time

from configs.models import Target
from deployments.llm.admission import Admission
from deployments.llm.breaker import Breaker, Permit
from deployments.llm.conversation import ChatRequest
from deployments.llm.errors import ContextTooLong, LlmError, ModelOverloaded, UnsupportedParameter
from deployments.llm.providers.protocol import Provider
from deployments.llm.retry import rest_seconds

# Below this an answer is hardly worth asking for.
_SHORTEST_ANSWER_TOKENS = 16


class Lane:
    """The way to one target."""

    def __init__(self, name: str, target: Target, provider: Provider) -> None:
        self.name = name
        self.target = target
        self.provider = provider
        self.breaker = Breaker()
        self.admission = Admission(target.max_concurrency, target.queue)
        timeouts = target.timeouts
        self.queue_seconds = timeouts.queue.total_seconds()
        self.first_token_seconds = timeouts.first_token.total_seconds()
        self.idle_seconds = timeouts.idle.total_seconds()
        self.total_seconds = timeouts.total.total_seconds()

    def objection(self, request: ChatRequest, prompt_tokens: int) -> LlmError | None:
        """Why the target cannot take the request at all, if so; `prompt_tokens` is the estimate."""
        refused = next((name for name in self.target.unsupported if _asks_for(request, name)), None)
        if param := refused or self.provider.unsupported(request):
            return UnsupportedParameter.of(param)
        context = self.target.context_tokens
        if context is not None and prompt_tokens + _SHORTEST_ANSWER_TOKENS > context:
            return ContextTooLong(f"The conversation has about {prompt_tokens} tokens; the model reads {context}")
        return None

    def answer_limit(self, request: ChatRequest, prompt_tokens: int) -> int:
        """How many tokens the answer may have: what was asked for, the target's own limit, the room in its context."""
        limits = [self.target.max_output_tokens]
        if request.max_tokens is not None:
            limits.append(request.max_tokens)
        if self.target.context_tokens is not None:
            limits.append(max(self.target.context_tokens - prompt_tokens, _SHORTEST_ANSWER_TOKENS))
        return min(limits)


class Visit:
    """One call's stay in a lane: its place, and what it tells the breaker. `leave` follows `enter` in any case."""

    __slots__ = ("_lane", "_permit", "_placed")

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._placed = False
        self._permit: Permit | None = None

    async def enter(self, deadline: float) -> None:
        """Wait for a place, until the deadline of `time.monotonic` at most. Raises `ModelOverloaded`."""
        lane = self._lane
        await lane.admission.enter(min(lane.queue_seconds, max(deadline - time.monotonic(), 0.0)))
        self._placed = True
        now = time.monotonic()
        self._permit = lane.breaker.take(now)
        if self._permit is None:
            raise ModelOverloaded("The model rests after failures", retry_after_seconds=lane.breaker.wait_seconds(now))

    def leave(self, error: BaseException | None, *, answered: bool) -> None:
        """Give the place back. `answered`: the target gave at least the beginning of an answer."""
        breaker, now = self._lane.breaker, time.monotonic()
        if self._permit is not None:
            if isinstance(error, LlmError) and error.blames:
                breaker.failed(self._permit, now)
            elif answered:
                breaker.succeeded(self._permit, now)
            else:
                breaker.abandoned(self._permit)
            self._permit = None
        if isinstance(error, LlmError) and (rest := rest_seconds(error)):
            breaker.rest(now + rest)
        if self._placed:
            self._placed = False
            self._lane.admission.leave()


def _asks_for(request: ChatRequest, parameter: str) -> bool:
    value = getattr(request, parameter, None)
    return value is not None and value != ()
