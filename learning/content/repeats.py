"""Finding what was said before among many texts, without comparing each with each.

Texts are alike where they share a part of their stems. Two that do share at least one of the rarer stems of either (the
prefix filter of Chaudhuri and others, 2006), so only those that have one of them are compared; none is missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Literal

from learning.content.material import stems


class Repeats:
    """Texts that were said. `share` is of the stems of the longer of two texts, of the shorter, or of the one that is
    asked about."""

    def __init__(
        self, said: Iterable[str] = (), *, share: float, of: Literal["longer", "shorter", "own"] = "longer"
    ) -> None:
        self._share = share
        self._of = of
        self._texts: list[tuple[str, frozenset[str]]] = []
        self._having: dict[str, list[int]] = {}
        self._shortest = 1 << 30
        for text in said:
            self.add(text)

    def add(self, text: str, name: str | None = None) -> None:
        """Remember it, under its name if it has one. A text without a stem is like nothing."""
        own = stems(text)
        if not own:
            return
        for one in own:
            self._having.setdefault(one, []).append(len(self._texts))
        self._texts.append((text if name is None else name, own))
        self._shortest = min(self._shortest, len(own))

    def like(self, text: str) -> str | None:
        """The first text, or its name, that this one is like."""
        own = stems(text)
        if not own or not self._texts:
            return None
        size = min(len(own), self._shortest) if self._of == "shorter" else len(own)
        kept = len(own) - ceil(self._share * size - 1e-9) + 1
        rarest = sorted(own, key=lambda one: (len(self._having.get(one, ())), one))[:kept]
        places = sorted({place for one in rarest for place in self._having.get(one, ())})
        return next((self._texts[place][0] for place in places if self._alike(own, self._texts[place][1])), None)

    def _alike(self, own: frozenset[str], other: frozenset[str]) -> bool:
        sizes = len(own), len(other)
        size = sizes[0] if self._of == "own" else max(sizes) if self._of == "longer" else min(sizes)
        return len(own & other) >= self._share * size - 1e-9
