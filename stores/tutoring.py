"""How the words of tutoring are sealed: each is bound to its row and its side."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

Side = Literal["question", "reply"]


def turn_context(turn_id: UUID, side: Side) -> str:
    """The context that the words of a turn are sealed with."""
    return f"tutor:{turn_id}:{side}"
