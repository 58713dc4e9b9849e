"""Small groups: figures about persons are shown only where enough of them stand behind.

This is a guard against recognising somebody at a glance, in a table or an export. It is no differential privacy:
docs/API.md says what it does not hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Value = TypeVar("Value")


@dataclass(slots=True)
class Suppressor:
    """Withholds figures of groups under `minimum`, and remembers their names."""

    minimum: int
    names: list[str] = field(default_factory=list)

    def figure(self, name: str, value: Value, group: int | None) -> Value | None:
        """The value, or None where fewer than `minimum` persons stand behind it. Group None: it is about nobody."""
        if group is None or group >= self.minimum:
            return value
        self.names.append(name)
        return None

    def segments(self, name: str, segments: Sequence[Sequence[int]]) -> list[int | None]:
        """The cells of all segments, small ones withheld. The reader may know the sum of each segment."""
        cells = [cell for segment in segments for cell in withhold(segment, self.minimum)]
        if None in cells:
            self.names.append(name)
        return cells


def withhold(cells: Sequence[int], minimum: int) -> list[int | None]:
    """The cells of a table row whose sum is known, without those under `minimum` and what would give them away.

    Where cells are withheld they are several and hold at least `minimum` persons together, so that subtracting the
    others from the sum tells of no small group (complementary suppression; Hundepool et al., Statistical Disclosure
    Control, 2012, section 4.2). Where even all of them hold fewer, none is shown, not even the zeros.
    """
    small = {n for n, cell in enumerate(cells) if 0 < cell < minimum}
    if small and sum(cells) < minimum:
        return [None] * len(cells)
    others = sorted((cell, n) for n, cell in enumerate(cells) if cell >= minimum)
    while small and (len(small) < 2 or sum(cells[n] for n in small) < minimum):
        small.add(others.pop(0)[1])
    return [None if n in small else cell for n, cell in enumerate(cells)]
