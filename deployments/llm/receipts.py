"""What a call may consume before it, and what it did consume after it: what metering reserves and settles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deployments.llm.conversation import Usage

Outcome = Literal["running", "completed", "cancelled", "broken", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The most that one target can consume of a call."""

    target: str
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """What one try came to. `outcome`: `broken` after something reached the caller, `failed` before."""

    target: str
    outcome: Outcome
    error: str | None
    usage: Usage
    queued_seconds: float
    first_token_seconds: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a call consumed, and of whom. Complete once the call is closed; true at any time before."""

    model: str
    outcome: Outcome
    attempts: tuple[AttemptRecord, ...]
    usage: Usage
    seconds: float

    @property
    def target(self) -> str | None:
        """Who answered, or was asked last."""
        return self.attempts[-1].target if self.attempts else None
