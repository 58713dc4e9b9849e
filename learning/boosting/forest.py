"""Boosted trees as arrays of numbers, which numpy alone can apply and a file can hold without code in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_TREES_TIMES_ROWS = 200_000  # how many descents at once: enough for speed, little memory


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Sums of trees, one sum per output.

    All nodes of all trees stand in one list. A leaf is its own child on both sides, so that every descent may take
    as many steps as the deepest tree has.
    """

    feature: NDArray[np.int32]
    threshold: Numbers  # at most: left
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Numbers  # what a leaf adds
    root: NDArray[np.int32]  # (trees,) in the order of rounds, within a round of outputs
    start: Numbers  # (outputs,) what every sum begins with
    depth: int

    def sums(self, features: Numbers) -> Numbers:
        """(rows, features) to (rows, outputs)."""
        size = max(1, _TREES_TIMES_ROWS // max(1, len(self.root)))
        parts = [self._descend(features[at : at + size]) for at in range(0, len(features), size)]
        return np.concatenate(parts) if parts else np.empty((0, len(self.start)))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What makes it, by name."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """From what `arrays` gave."""
        kept = {field.name: arrays[field.name] for field in fields(cls) if field.name != "depth"}
        return cls(**kept, depth=int(arrays["depth"]))  # type: ignore[arg-type]

    def _descend(self, features: Numbers) -> Numbers:
        rows = np.arange(len(features))[:, None]
        node = np.broadcast_to(self.root, (len(features), len(self.root)))
        for _ in range(self.depth):
            goes_left = features[rows, self.feature[node]] <= self.threshold[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        by_round = self.value[node].reshape(len(features), -1, len(self.start))
        sums: Numbers = by_round.sum(axis=1) + self.start
        return sums
