"""A rate such as `100/60s`: so many events in any window of so many seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_PATTERN = re.compile(r"^(?P<limit>[1-9]\d{0,8})/(?P<window>[1-9]\d{0,5})s$")


@dataclass(frozen=True, slots=True)
class Rate:
    """`limit` events per sliding window of `window_seconds`."""

    limit: int
    window_seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `100/60s`. Raises ValueError."""
        match = _PATTERN.match(text.strip())
        if match is None:
            raise ValueError("must look like 100/60s (events per window in seconds)")
        return cls(int(match["limit"]), int(match["window"]))

    def __str__(self) -> str:
        return f"{self.limit}/{self.window_seconds}s"
