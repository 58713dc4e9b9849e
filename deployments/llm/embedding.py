"""One request for vectors, from the caller's side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from deployments.llm.asking import ask
from deployments.llm.conversation import NOTHING, EmbeddingRequest, Embeddings, Usage
from deployments.llm.errors import LlmError, UpstreamTimeout
from deployments.llm.lanes import Lane, Visit
from deployments.llm.metering import tokens
from deployments.llm.receipts import AttemptRecord, Outcome, Receipt


class EmbeddingCall:
    """`answer` once; `receipt` tells at any time what was consumed."""

    def __init__(self, request: EmbeddingRequest, lanes: Sequence[Lane], random: Random) -> None:
        self._request = request
        self._lanes = lanes
        self._random = random
        self._estimate = Usage(prompt_tokens=tokens.texts_estimate(request), estimated=True)
        self._records: list[AttemptRecord] = []
        self._outcome: Outcome = "running"
        self._began_at = time.monotonic()

    async def answer(self) -> Embeddings:
        """The vectors, with what was counted. Raises an `LlmError`."""
        deadline = self._began_at + max(lane.total_seconds for lane in self._lanes)
        try:
            found = await ask(
                self._lanes, lambda lane: self._try(lane, deadline), deadline=deadline, random=self._random
            )
        except BaseException as error:
            self._outcome = _outcome_of(error)
            raise
        self._outcome = "completed"
        return replace(found, usage=self.receipt().usage)

    def receipt(self) -> Receipt:
        """What metering needs to know."""
        return Receipt(
            model=self._request.model,
            outcome=self._outcome,
            attempts=tuple(self._records),
            usage=sum((record.usage for record in self._records), NOTHING),
            seconds=time.monotonic() - self._began_at,
        )

    async def _try(self, lane: Lane, deadline: float) -> Embeddings:
        visit, began, usage = Visit(lane), time.monotonic(), NOTHING
        asked = began
        error: BaseException | None = None
        try:
            await visit.enter(deadline)
            asked = time.monotonic()
            usage = self._estimate  # whoever leaves now leaves the upstream at work
            found = await self._embed(lane, deadline)
            usage = self._estimate if found.usage == NOTHING else found.usage
            return found
        except BaseException as raised:
            error = raised
            if isinstance(error, LlmError):
                usage = NOTHING  # it was not taken
            raise
        finally:
            visit.leave(error, answered=error is None)
            self._records.append(
                AttemptRecord(
                    target=lane.name,
                    outcome="completed" if error is None else _outcome_of(error),
                    error=error.type if isinstance(error, LlmError) else None,
                    usage=usage,
                    queued_seconds=asked - began,
                    first_token_seconds=None,
                    seconds=time.monotonic() - began,
                )
            )

    async def _embed(self, lane: Lane, deadline: float) -> Embeddings:
        try:
            async with asyncio.timeout(max(min(deadline - time.monotonic(), lane.first_token_seconds), 0.0)):
                return await lane.provider.embed(self._request)
        except TimeoutError:
            raise UpstreamTimeout from None


def _outcome_of(error: BaseException) -> Outcome:
    return "failed" if isinstance(error, Exception) else "cancelled"
