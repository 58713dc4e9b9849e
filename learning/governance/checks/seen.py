"""What a check saw, before the constitution says what follows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Evidence, and where it is. See `Finding` for what evidence may say."""

    evidence: str
    step: str | None = None
    span: tuple[int, int] | None = None
    replacement: str | None = None
