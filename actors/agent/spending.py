"""What a task has used up of models, and what of that its row does not say yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from actors.agent.errors import OverBudget
from actors.agent.store import Task


@dataclass(slots=True, kw_only=True)
class Spending:
    """Tokens and millionths of a US dollar, with those of former lives."""

    maximum_tokens: int
    maximum_microdollars: int
    tokens: int
    microdollars: int
    unwritten_tokens: int = 0
    unwritten_microdollars: int = 0

    @classmethod
    def of(cls, task: Task) -> Self:
        """As the claimed row has it."""
        return cls(
            maximum_tokens=task.maximum_tokens, maximum_microdollars=task.maximum_cost_microdollars,
            tokens=task.tokens, microdollars=task.cost_microdollars,
        )  # fmt: skip

    @property
    def tokens_left(self) -> int:
        return max(0, self.maximum_tokens - self.tokens)

    @property
    def microdollars_left(self) -> int:
        return max(0, self.maximum_microdollars - self.microdollars)

    @property
    def unwritten(self) -> bool:
        """Whether the row does not have all of it."""
        return bool(self.unwritten_tokens or self.unwritten_microdollars)

    def spent(self, *, tokens: int, microdollars: int) -> None:
        """Count what a model took."""
        self.tokens += tokens
        self.microdollars += microdollars
        self.unwritten_tokens += tokens
        self.unwritten_microdollars += microdollars

    def written(self, tokens: int, microdollars: int) -> None:
        """The row has so much more of it now."""
        self.unwritten_tokens -= tokens
        self.unwritten_microdollars -= microdollars

    def require(self) -> None:
        """Raises `OverBudget` where more was used than the task may use."""
        if self.tokens > self.maximum_tokens:
            raise OverBudget("The task has used up its tokens")
        if self.microdollars > self.maximum_microdollars:
            raise OverBudget("The task has used up its money")
