"""How long to wait before what failed is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 5.0


@dataclass(slots=True)
class Backoff:
    """A tenth of a second at first, doubling up to five, each time between half and the whole of it: members that
    failed together do not come back together."""

    _failures: int = 0

    def next_seconds(self) -> float:
        """The wait after one more failure."""
        longest = min(_FIRST_SECONDS * 2.0 ** min(self._failures, 32), _LONGEST_SECONDS)
        self._failures += 1
        return longest * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
