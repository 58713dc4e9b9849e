"""Answers that were given before to exactly the same question, in the replica's own memory.

Only where the organisation says so, only for chats without chance (temperature 0), never across organisations. What a
provider finds for one person it may not find for another, so where one of those could answer, the person belongs to the
question.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from hashlib import sha256

import orjson

from deployments.kit.lru import BoundedCache
from deployments.llm.caller import Caller
from deployments.llm.conversation import (
    ChatRequest,
    Completion,
    Event,
    Finish,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)

_MAXIMUM_BYTES = 16 * 1024 * 1024
_OVERHEAD_BYTES = 500
_PERSONAL = {"extractive"}  # providers that look things up for whoever asks


@dataclass(frozen=True, slots=True)
class _Kept:
    completion: Completion
    until: float
    size: int


class AnswerCache:
    """For one event loop."""

    def __init__(self, maximum_bytes: int = _MAXIMUM_BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: BoundedCache[bytes, _Kept] = BoundedCache(maximum_bytes, lambda kept: kept.size)

    def get(self, key: bytes) -> Completion | None:
        """The answer, while it is good."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= self._clock():
            self._kept.discard(key)
            return None
        return kept.completion

    def put(self, key: bytes, completion: Completion, seconds: int) -> None:
        """Keep an answer that was given whole."""
        calls = sum(len(call.name) + len(call.arguments) for call in completion.tool_calls)
        size = 4 * (len(completion.text) + calls) + _OVERHEAD_BYTES
        self._kept.put(key, _Kept(completion, self._clock() + seconds, size))


def repeatable(request: ChatRequest) -> bool:
    """Whether the same question has the same answer."""
    return request.temperature == 0 and len(request.messages) > 0


def key_of(caller: Caller, request: ChatRequest, providers: set[str]) -> bytes:
    """What must be the same: the organisation, everything that is asked, and where it matters the person."""
    personal = (caller.user_id, caller.any_course, caller.course_id) if providers & _PERSONAL else None
    question = astuple(replace(request, asker=None))
    return sha256(orjson.dumps((str(caller.org_id), personal, question), default=str)).digest()


def events_of(completion: Completion) -> list[Event]:
    """The answer as it would have been streamed."""
    events: list[Event] = []
    if completion.text:
        events.append(TextDelta(completion.text))
    if completion.refusal:
        events.append(RefusalDelta(completion.refusal))
    for index, call in enumerate(completion.tool_calls):
        events.append(ToolCallDelta(index, call.id, call.name, call.arguments))
    return [*events, Finish(completion.reason, completion.usage)]
